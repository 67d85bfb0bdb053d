"""A small blocking websocket client (RFC 6455): a stopwatch that costs next to nothing itself."""

import base64
import os
import socket
import struct

_TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class Websocket:
    """One connection; messages whole, as the broker never fragments."""

    def __init__(self, host: str, port: int, path: str, headers: dict[str, str]) -> None:
        self._socket = socket.create_connection((host, port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = bytearray()
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {host}:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self._rest:
            self._read()
        head, _, rest = self._rest.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise OSError(bytes(head.splitlines()[0]).decode())
        self._rest = bytearray(rest)

    def send(self, message: bytes, *, text: bool = False) -> None:
        """Send one message."""
        self._send(_TEXT if text else _BINARY, message)

    def receive(self) -> bytes:
        """The next message. Raises OSError when the connection ends."""
        while True:
            opcode, message = self._frame()
            if opcode in (_TEXT, _BINARY):
                return message
            if opcode == _PING:
                self._send(_PONG, message)
            elif opcode == _CLOSE:
                raise OSError("closed by the broker")

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send(self, opcode: int, message: bytes) -> None:
        size = len(message)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        # A mask of zeros leaves the message as it is.
        self._socket.sendall(head + bytes(4) + message)

    def _frame(self) -> tuple[int, bytes]:
        first, size = self._take(2)
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        return first & 0x0F, bytes(self._take(size))

    def _take(self, size: int) -> bytearray:
        while len(self._rest) < size:
            self._read()
        taken = self._rest[:size]
        del self._rest[:size]
        return taken

    def _read(self) -> None:
        data = self._socket.recv(256 * 1024)
        if not data:
            raise OSError("the broker is gone")
        self._rest += data
