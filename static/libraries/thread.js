/** Keeps the end of a conversation in view while it grows, unless the visitor has scrolled away from it. */

/** Pixels between the end and the field below it within which the visitor counts as being at the end. */
const NEAR = 80;

/**
 * Follow the end of `thread`, which must be seen above `composer`; return an object with `toEnd()`.
 * @param {HTMLElement} thread @param {HTMLElement} composer
 */
export function follow(thread, composer) {
  let isAtEnd = true;
  const hidden = () => thread.getBoundingClientRect().bottom - composer.getBoundingClientRect().top;
  const toEnd = () => {
    isAtEnd = true;
    const distance = hidden();
    if (distance > 0) scrollBy({ top: distance, behavior: "instant" });
  };
  new ResizeObserver(() => isAtEnd && toEnd()).observe(thread);
  // A change of the size also scrolls; only what the visitor does decides.
  for (const event of ["wheel", "touchmove", "keyup", "pointerup"]) {
    addEventListener(event, () => requestAnimationFrame(() => (isAtEnd = hidden() < NEAR)), { passive: true });
  }
  addEventListener("scrollend", () => (isAtEnd = hidden() < NEAR));
  return { toEnd };
}
