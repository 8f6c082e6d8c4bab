/** What a shop's things are called on its visitors' disks, by the shop's key. Names stay: they are how they are found again. */

/** The database of the journal, what closing pages leave in localStorage, the channel between tabs, and the lock of the one that sends. */
export const journalName = (key: string) => `endcap-${key}`;
/** The database of the files that only carousels need. */
export const filesName = (key: string) => `endcap-files-${key}`;
/** The shopper's own choice in localStorage. */
export const choiceName = (key: string) => `endcap-choice-${key}`;
/** What the names of erasure requests in localStorage begin with; a client's id follows, its secret is the value. */
export const erasureName = (key: string) => `endcap-erase-${key}:`;
/** In localStorage, ids of those whom the edge refuses to erase, until the shopper has taken note. */
export const refusedName = (key: string) => `endcap-refused-${key}`;
