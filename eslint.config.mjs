// Lint of the modules of report.html: nox -s page. Neither building nor running evtscan needs Node.
const browser = [
  "Blob", "DecompressionStream", "Intl", "Node", "ResizeObserver", "Response", "URL", "URLSearchParams", "addEventListener", "atob", "console",
  "document", "history", "localStorage", "location", "matchMedia", "navigator", "scrollTo", "scrollY", "setTimeout", "window",
];

export default [
  {
    files: ["evtscan/reporters/html/static/*.js"],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "module",
      globals: Object.fromEntries(browser.map((name) => [name, "readonly"])),
    },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-const-assign": "error",
      "no-dupe-keys": "error",
      "no-import-assign": "error",
      "no-redeclare": "error",
      "no-undef": "error",
      "no-unreachable": "error",
      "no-unused-vars": "error",
    },
  },
];
