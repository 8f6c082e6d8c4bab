/** Gives what the tag and its chunks call each other's parts names of two letters: minifiers keep properties as they are. */
import type { Plugin } from "vite";
import { parseAst } from "vite";

/**
 * Properties that only bundles of one build see, under names that nothing else has: neither the browser nor the shop,
 * nor anything that is stored, sent, looked up by a text, or exported by a chunk.
 */
const INTERNAL = [
  "announce", "changes", "comeBack", "decide", "exchange", "flusher", "googleCommand", "grants", "guard", "hear", "isDurable",
  "isLoading", "isRead", "journal", "kept", "loadCommerce", "mayStore", "note", "nowMs", "offLimits", "onGone", "onNear", "poke", "prepare",
  "privacyControl", "recorder", "redescribe", "sendLeaving", "staleId", "tellView", "told", "turnPage", "undecided", "unsettled",
  "watch",
];
/** What they are called in a build, for who meets one from outside. */
export const SHORT = new Map(INTERNAL.map((name, index) => [name, `$${index.toString(36)}`]));

interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

/** Renames properties, by the syntax: a local variable or a text of that name stays. */
export function shortNames(): Plugin {
  return {
    name: "endcap-short-names",
    renderChunk: {
      order: "pre",
      handler(code) {
        const edits: { start: number; end: number; text: string }[] = [];
        const visit = (node: Node) => {
          const key = (node.type === "MemberExpression" ? node["property"] : /^(Property|(Method|Property)Definition)$/.test(node.type) ? node["key"] : undefined) as (Node & { name: string }) | undefined;
          const short = key?.type === "Identifier" && !node["computed"] ? SHORT.get(key.name) : undefined;
          if (short) edits.push({ start: key!.start, end: key!.end, text: node["shorthand"] ? `${short}: ${key!.name}` : short });
          // The value of a shorthand is written once, with its key.
          const value = node["value"] as Node | undefined;
          if (short && node["shorthand"]) {
            if (value!.type === "AssignmentPattern") visit(value!["right"] as Node);
            return;
          }
          for (const part of Object.values(node)) for (const child of Array.isArray(part) ? part : [part]) if (typeof (child as Node | null)?.type === "string") visit(child as Node);
        };
        visit(parseAst(code) as unknown as Node);
        let renamed = code;
        for (const { start, end, text } of edits.sort((one, other) => other.start - one.start)) renamed = renamed.slice(0, start) + text + renamed.slice(end);
        return { code: renamed, map: null };
      },
    },
  };
}
