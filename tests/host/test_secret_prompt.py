"""Questions for secrets, as the screen shows them; and what only looks like one."""

from __future__ import annotations

import pytest

from broker.host.secret_prompt import SecretPrompt

ASKED = [
    "Password:", "Password: ", "[sudo] password for bob: ", "bob@host's password: ",
    "Enter passphrase for key '/home/bob/.ssh/id': ", "Enter same passphrase again: ",
    "Enter passphrase (empty for no passphrase): ", "New password: ", "Retype new password: ",
    "Password for user bob: ", "PIN: ", "Enter PIN for 'token': ", "Verification code: ",
    "Enter master key: ", "Enter export password:", "Passwort: ", "Password? ",
    "\x1b[1mPassword:\x1b[m ",
    "Sorry, try again.\r\n[sudo] password for bob: ",
    "\rread> ●●●●", "Password: ●●",
    "\x1b[H\x1b[2JPassword: \x1b[K\r\n\x1b[K\r\n[0] 0:sh*\x1b(B\x1b[1;11H",
    "later\x1b[5;3HPassword: ",
    "x\rPassword: \x1b[K\r\x1b[10C", "[sudo] password for bob: ***", "Password: ***\b \b",
]  # fmt: skip
NOT_ASKED = [
    "", "$ ", "bob@host:~$ ", "Password: h", "$ echo password: | cat", "Password: \r\n",
    "password=",
    "passwords", "$ grep PIN", "Password:\r\n$ ", "Username: ", "monkey: ", "Password: \x1b[1;1H",
    "Password: \x1b[?1049h", "key: ", "read> x",
]  # fmt: skip


@pytest.mark.parametrize("printed", ASKED)
def test_asked(printed: str) -> None:
    whole, pieces = SecretPrompt(), SecretPrompt()
    whole.printed(printed.encode())
    assert whole.asks
    for byte in printed.encode():
        pieces.printed(bytes([byte]))
    assert pieces.asks


@pytest.mark.parametrize("printed", NOT_ASKED)
def test_not_asked(printed: str) -> None:
    prompt = SecretPrompt()
    prompt.printed(printed.encode())
    assert not prompt.asks


def test_what_is_echoed_is_no_secret_and_what_is_not_is() -> None:
    prompt = SecretPrompt()
    prompt.printed(b"x" * 5000 + b"\r\nPassword: ")
    asked = [prompt.asks]  # and so for each key that shows nothing
    for printed in b"\r\n", b"Name of the password: ", b"b":
        prompt.printed(printed)
        asked.append(prompt.asks)
    assert asked == [True, False, True, False]
