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
  let last = scrollY;
  // Growth does not move the page, so what moves it up is the visitor.
  const watch = () => {
    if (scrollY < last) isAtEnd = false;
    if (hidden() < NEAR) isAtEnd = true;
    last = scrollY;
  };
  addEventListener("scroll", watch, { passive: true });
  return { toEnd };
}
