"""The proxies that the environment names: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import getproxies, proxy_bypass

import httpx2

from core.errors import SettingsError


def proxy_for(url: str) -> str | None:
    """Return the URL of the proxy to ask a URL through, or None to ask it directly."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return None  # whoever asks it says what is wrong with it
    proxies = getproxies()
    proxy = proxies.get(parsed.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parsed.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


@contextmanager
def usable_proxy() -> Iterator[None]:
    """Turn what httpx2 raises for a proxy that it can't use into one clear error.

    Raises:
        SettingsError: it is of a kind that isn't known.
    """
    try:
        yield
    except (ValueError, ImportError) as error:
        raise SettingsError(
            f"The proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names can't be used: {error}"
        ) from error
