// A conversation.

// Whoever is at its end stays there while it grows; opening one leads to its end.
const NEAR = 160;
const toEnd = () => window.scrollTo(0, document.documentElement.scrollHeight);
page.toEnd = () => setTimeout(toEnd, 150);
let wasAtEnd = true;
window.addEventListener("scroll", () => {
  const { scrollHeight } = document.documentElement;
  wasAtEnd = window.innerHeight + window.scrollY >= scrollHeight - NEAR;
});
new MutationObserver((changes) => {
  if (wasAtEnd && changes.some(({ target }) => target.parentElement?.closest("#live"))) {
    toEnd();
  }
}).observe(document.body, { childList: true, characterData: true, subtree: true });
