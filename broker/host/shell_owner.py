"""Whose shell a session's is, and from which environment it starts."""

from __future__ import annotations

import os
import pwd
from typing import Dict

from broker.host.failures import Failed
from broker.host.pty import User

# sudo and login start from these as well; everything else comes from the user's own start files.
_KEPT_BY_SUDO = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "DISPLAY")
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def invoking_user() -> User:
    """Whose shell it will be: under sudo, who called it."""
    uid = int(os.environ["SUDO_UID"]) if is_sudo() else os.getuid()
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        raise Failed(f"user {uid} has no entry in the password database") from None
    shell = found.pw_shell or "/bin/sh"
    if not is_sudo():
        shell = os.environ.get("SHELL") or shell
    if not os.access(shell, os.X_OK):
        raise Failed(f"the shell {shell} can't be run")
    return User(uid, found.pw_gid, found.pw_name, found.pw_dir, shell)


def is_sudo() -> bool:
    """Whether somebody else called us as root."""
    return os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdigit()


def environment(user: User) -> Dict[str, str]:
    """The shell's environment: the customer's own, or under sudo what a login starts from."""
    env = dict(os.environ)
    if is_sudo():
        env = {name: os.environ[name] for name in _KEPT_BY_SUDO if name in os.environ}
        env.update(HOME=user.home, USER=user.name, LOGNAME=user.name, SHELL=user.shell, PATH=_PATH)
    if not env.get("TERM"):
        env["TERM"] = "dumb"
    return env
