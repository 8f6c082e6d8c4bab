/** Endcap's mark: the shelf at the end of the aisle. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path class="mark-shelf" d="M7 13h18M7 24h18" />
      <path class="mark-goods" d="M9.500 7.500h3.500v3H9.500zM16 5.500h4v5h-4zM10 17h5v4.500h-5zM18.500 18.500H22v3h-3.500z" />
    </svg>
  );
}
