// Says in one sentence when Node is too old to read anything else here; plain old JavaScript, so that it can.
var major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    "Endcap runs on Node 24, which `npm ci` installs beside it on any machine with Node 20 or newer, but this is Node " +
      process.versions.node + ". Run `npm ci` again, with install scripts allowed for the package \"node\", or install Node 24.",
  );
  process.exit(1);
}
