"""Puts files into a bucket of an S3-compatible store: AWS Signature Version 4, path-style addresses."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from hub.backup.contents import BackupFailed

MAX_BYTES: Final = 5 << 30  # of one PUT, says Amazon
NOTHING: Final = hashlib.sha256().hexdigest()
TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)  # big files take their time
_EXPLAINED: Final = {
    301: "the bucket lies in another region",
    403: "the keys are wrong, or may not write to the bucket",
    404: "there is no such bucket",
}


@dataclass(frozen=True, slots=True)
class Keys:
    """Who signs, and for which region."""

    region: str
    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and the keys to it."""

    endpoint: str
    name: str
    keys: Keys

    async def put(self, key: str, path: Path, now: datetime) -> None:
        """Keep the file at ``path`` under ``key``; returns once the store has all of it. BackupFailed."""
        size = (await asyncio.to_thread(path.stat)).st_size
        if size > MAX_BYTES:
            raise BackupFailed(f"{path.name} is larger than the {MAX_BYTES >> 30} GiB that S3 takes in one piece")
        with await asyncio.to_thread(path.open, "rb") as file:
            digest = (await asyncio.to_thread(hashlib.file_digest, file, "sha256")).hexdigest()
            file.seek(0)
            await self._request("PUT", key, now, digest, data=file, length=size)
        kept = await self._request("HEAD", key, now, NOTHING)
        if kept != size:
            raise BackupFailed(f"the store has {kept} of the {size} bytes of {path.name}")

    async def try_out(self, key: str, now: datetime) -> None:
        """Write and delete an empty object; BackupFailed says what is wrong."""
        await self._request("PUT", key, now, NOTHING, data=b"", length=0)
        await self._request("DELETE", key, now, NOTHING)

    async def _request(
        self, method: str, key: str, now: datetime, digest: str, *, data: object = None, length: int | None = None
    ) -> int:
        """Make a request and return the length that the answer tells."""
        address = f"{self.endpoint.rstrip('/')}/{quote(self.name)}/{quote(key)}"
        url = URL(address, encoded=True)
        host = url.host_subcomponent or ""
        signed = {
            "host": host if url.is_default_port() else f"{host}:{url.port}",
            "x-amz-content-sha256": digest,
            "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        }
        headers = {**signed, "authorization": authorization(method, url.raw_path, signed, self.keys)}
        if length is not None:
            headers["content-length"] = str(length)
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT, skip_auto_headers={"content-type"}) as http,
                http.request(method, url, headers=headers, data=data, allow_redirects=False) as answer,
            ):
                if answer.status >= 300:
                    reason = _EXPLAINED.get(answer.status, answer.reason or "")
                    raise BackupFailed(f"the store answered {answer.status}: {reason}")
                return int(answer.headers.get("Content-Length", 0))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise BackupFailed(f"the store at {url.origin()} cannot be reached: {error}") from error


def authorization(method: str, path: str, headers: Mapping[str, str], keys: Keys) -> str:
    """Return the header that signs a request without a query.

    ``headers``, in lower case, has at least host, x-amz-date and x-amz-content-sha256.
    """
    names = sorted(headers)
    canonical = "\n".join(
        (
            method,
            path,
            "",
            *(f"{name}:{headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            headers["x-amz-content-sha256"],
        )
    )
    at = headers["x-amz-date"]
    scope = f"{at[:8]}/{keys.region}/s3/aws4_request"
    to_sign = "\n".join(("AWS4-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return (
        f"AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
