"""A real HTTP server on 127.0.0.1 with the APIs of DeepL and Google Cloud Translation, as documented."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

DEEPL, GOOGLE = "/v2/translate", "/language/translate/v2"
KEYS = {DEEPL: "deepl-key-1234567890", GOOGLE: "google-key-1234567890"}


class Services:
    """Translates a text into "[TARGET] text"; `refusals` are (status, body) that come first."""

    def __init__(self, *refusals: tuple[int, Any]) -> None:
        self.refusals = list(refusals)
        self.bodies: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self._server.server_port}"

    def environment(self) -> dict[str, str]:
        """The variables that lead to it."""
        return {
            "DEEPL_URL": self.base + DEEPL, "DEEPL_AUTH_KEY": KEYS[DEEPL],
            "GOOGLE_TRANSLATE_URL": self.base + GOOGLE, "GOOGLE_TRANSLATE_KEY": KEYS[GOOGLE],
        }  # fmt: skip

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: Any, body: dict[str, Any]) -> tuple[int, Any]:
        self.bodies.append(body)
        if self.refusals:
            return self.refusals.pop(0)
        if path == DEEPL and headers["Authorization"] == f"DeepL-Auth-Key {KEYS[DEEPL]}":
            text = f"[{body['target_lang']}] {body['text'][0]}"
            return 200, {"translations": [{"detected_source_language": "EN", "text": text}]}
        if path == GOOGLE and headers["X-Goog-Api-Key"] == KEYS[GOOGLE]:
            text = f"[{body['target']}] {body['q']}"
            return 200, {"data": {"translations": [{"translatedText": text}]}}
        return 403, {"message": "Authorization failed"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        services = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, said = services.answer(self.path, self.headers, body)
                data = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
