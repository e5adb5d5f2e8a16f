// The texts whose contrast with what is behind them is below 4.5 (WCAG 2, 1.4.3).
const parts = (text) => text.match(/[\d.]+/g).map(Number);
const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);

function behind(node) {
  for (let at = node; at; at = at.parentElement) {
    const [r, g, b, alpha = 1] = parts(getComputedStyle(at).backgroundColor);
    if (alpha > 0) return [r, g, b];
  }
  return [255, 255, 255];
}

const poor = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.data.trim();
  const node = walker.currentNode.parentElement;
  if (!text || !node.checkVisibility() || node.closest("script, noscript, .unseen, .skip, svg title")) continue;
  const style = getComputedStyle(node);
  const lights = [parts(node.closest("svg") ? style.fill : style.color), behind(node)].map(luminance);
  const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
  if (ratio < 4.5) poor.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
}
return poor;
