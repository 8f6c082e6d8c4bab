/**
 * Runs a program for as long as its starter lives: `node leash.ts <program> [arguments]`, in a process group of its own.
 *
 * A starter that is killed can stop nothing any more, but its end of our standard input closes by itself: then the whole
 * group goes, grandchildren included.
 */
import { spawn } from "node:child_process";

const child = spawn(process.execPath, process.argv.slice(2), { stdio: ["ignore", "inherit", "inherit"] });
child.once("exit", (code) => process.exit(code ?? 1));
// Signals to the group reach the program too; it says when it is done.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => {});
process.stdin.resume().once("close", () => process.kill(-process.pid, "SIGKILL"));
