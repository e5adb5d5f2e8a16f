// Tries what the page's content security policy forbids; says whether any of it ran, and which directives stopped it.
const done = arguments[0];
const stopped = new Set();
document.addEventListener("securitypolicyviolation", (event) => stopped.add(event.effectiveDirective));

function inline() {
  const script = document.createElement("script");
  script.textContent = "window.ran = 1";
  document.body.append(script);
}

const attempts = [
  inline,
  () => (document.body.innerHTML += "<img src=x onerror='window.ran = 1'>"),
  () => document.body.insertAdjacentHTML("beforeend", "<p onclick='0'>"),
  () => (window.ran = (0, eval)("1")),
  () => fetch("https://evtscan.invalid/").catch(() => 0),
  () => (new Image().src = "https://evtscan.invalid/x.png"),
];

// behind a timer, for what the driver itself evaluates is exempt
setTimeout(() => {
  for (const attempt of attempts) {
    try {
      attempt();
    } catch {
      // refused
    }
  }
});
setTimeout(() => done([window.ran !== undefined, [...stopped].sort()]), 300);
