"""For tests of how the page starts: held requests, and what has loaded."""

from __future__ import annotations

from playwright.sync_api import Route

__all__ = ["ENGINE_LOADED", "Hold"]

ENGINE_LOADED = """async () => {
  const engine = await import('./start/engine.js');
  while (!engine.chosen) await new Promise((resolve) => setTimeout(resolve));
  return engine.loaded;
}"""


class Hold:
    """Keeps requests until they are released."""

    def __init__(self) -> None:
        self._routes: list[Route] = []
        self._is_released = False

    def __call__(self, route: Route) -> None:
        if self._is_released:
            route.continue_()
        else:
            self._routes.append(route)

    def release(self) -> None:
        """Let the requests go on, and those that come later."""
        self._is_released = True
        for route in self._routes:
            route.continue_()
