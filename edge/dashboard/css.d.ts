// Style sheets that modules import for their effect; Vite writes them to files.
declare module "*.css";
