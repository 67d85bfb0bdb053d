"""A host of its own: namespaces for network, mounts, name and IPC, an ``/etc`` that may be broken.

Everything in it is real but ``systemctl`` and ``/proc/modules``: systemd can't run in a namespace,
and this kernel may have no modules. A program stands in for the one, which prints its format from
files, a file for the other. (Real is: ip, ss, nft, sysctl, mount, useradd, dpkg, files.)
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from broker.recording.drift import from_json, says

NEEDED = (
    "ip",
    "ss",
    "nft",
    "sysctl",
    "unshare",
    "nsenter",
    "dpkg-deb",
    "dpkg",
    "useradd",
)
_TAKER = """
import json, sys
from broker.host.probes.process import take
for line in sys.stdin:
    print(json.dumps(take(json.loads(line))), flush=True)
"""
_LISTENER = """
import socket, sys
open("/proc/self/comm", "w").write(sys.argv[1])
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
print(flush=True)
sys.stdin.read()
"""
_ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\n"
    "carol:x:1200:1300::/home/carol:/bin/sh\ndave:x:1201:1300::/home/dave:/bin/sh\n",
    "shadow": "root:*:19000:0:99999:7:::\ncarol:!:19000:0:99999:7:::\ndave:!:19000:0:99999:7:::\n",
    "group": "root:x:0:\nusers:x:1300:\nops:x:1301:dave\n",
    "gshadow": "root:*::\nusers:!::\nops:!::dave\n",
    "login.defs": "USERGROUPS_ENAB yes\n",
    "hosts": "127.0.0.1 localhost\n192.0.2.9 storage\n",
    "hostname": "appliance\n",
    "resolv.conf": "# made by hand\nnameserver 192.0.2.53\n",
    "exports": "# none\n",
    "nfs.conf": "[nfsd]\nthreads = 8\n",
    "fstab": "//nas/share /mnt/nas cifs username=it,password=hunter2 0 0\n",
    "network/interfaces": "iface wlan0 inet dhcp\n  wpa-psk verysecret1\n",
    "sudoers": "Defaults env_reset\n%ops ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n",
    "sudoers.d/README": "# nothing yet\n",
    "crontab": "17 * * * * root run-parts /etc/cron.hourly\n",
    "cron.d/.placeholder": "",
    "product/app.conf": "size = 1\n",
    "product/key.pem": "k\n",
    "product/data": "d\n",
    "product/tool": "t\n",
    "product/old.conf": "o\n",
    "product/flip.conf": "f\n",
    "systemd/system/nginx.service": "[Service]\n",
    "mtab": "none\n",
}
_UNITS = {
    "nfs-server.service": ("active", "enabled", ""),
    "nginx.service": ("active", "enabled", ""),
    "logrotate.service": ("inactive", "static", "logrotate.timer"),
    "backup.timer": ("active", "enabled", ""),
    "logrotate.timer": ("active", "enabled", ""),
}
_SYSTEMCTL = """#!/bin/sh
case "$1 $*" in
show\\ *timer*) cat {units}/*.timer;;
show\\ *) cat {units}/*.service;;
list-unit-files\\ *) cat {units}/files;;
esac
"""
_SET_UP = """
# What others mount on this machine, and may take away at any time, is not of this host.
awk '$3 ~ /^fuse/ {{ print $2 }}' /proc/mounts | xargs -r -n 1 umount -l
mount --bind {folder}/etc /etc
for place in /usr/local/sbin /var /mnt; do mount -t tmpfs tmpfs $place; done
mkdir -p /var/lib/dpkg /var/log /var/spool/cron/crontabs /mnt/data /mnt/share /mnt/old
mount --bind {folder}/dpkg /var/lib/dpkg
mount -t tmpfs files /mnt/share; mount -t tmpfs files /mnt/old
echo '5 4 * * * /usr/bin/report' > /var/spool/cron/crontabs/carol
cp {folder}/systemctl /usr/local/sbin
# Nothing can be made in the kernel's /proc, so over it: links to all that is in it, with processes
# to come; its sys as it is, since sysctl follows no link out of it; and modules.
mkdir /mnt/kernel /mnt/proc /mnt/proc/sys; mount --bind /proc /mnt/kernel
cd /mnt/proc
for one in /mnt/kernel/[!0-9]*; do [ -e ${{one##*/}} ] || ln -s $one; done
seq -f /mnt/kernel/%.0f 9999 | xargs ln -s -t .
rm -f modules; echo 'floppy 90112 0 - Live 0x0000000000000000' > modules
cd /; mount --bind /mnt/proc /proc; mount --bind /mnt/kernel/sys /proc/sys
hostname appliance
ln -s /usr/share/zoneinfo/UTC /etc/localtime
mkdir /etc/systemd/system/multi-user.target.wants
ln -s /etc/systemd/system/nginx.service /etc/systemd/system/multi-user.target.wants
for tool in legacy-2.0 agent-1.0; do dpkg -i {folder}/debs/$tool.deb; done
ip link set lo up
for n in 0 1; do
  ip link add eth$n address 02:00:00:00:00:0$n type veth peer name wire$n
  ip link set eth$n up; ip link set wire$n up
done
for n in 2 3 4 5; do
  ip link add eth$n address 02:00:00:00:00:0$n type ifb; ip link set eth$n up
done
ip link add br0 type bridge; ip link set eth5 master br0
ip address add 192.0.2.2/24 dev eth0; ip address add 198.51.100.2/24 dev eth1
ip address add fd00:1::9/64 dev eth0 nodad; ip address add fd00:1::2/64 dev eth0 nodad
ip address add 192.0.2.130/28 dev eth4; ip address add 192.0.2.146/28 dev eth5
ip route add default via 192.0.2.1; ip route add 10.20.0.0/16 via 192.0.2.1
ip -6 route add default via fd00:1::1
nft -f - <<END
table inet filter {{
  set blocked {{ type ipv4_addr; flags timeout; elements = {{ 10.0.0.1 timeout 1h }}; }}
  chain input {{ type filter hook input priority filter; policy accept; counter; }}
  chain forward {{ type filter hook forward priority filter; policy accept; }}
  chain output {{ type filter hook output priority filter; policy accept;
    tcp dport 1 accept; tcp dport 2 accept; }}
  chain extra {{ }}
}}
END
"""


def lacking() -> str:
    """Why no host can be made here; empty: one can."""
    if os.geteuid() != 0:
        return "namespaces need root"
    missing = [one for one in NEEDED if not shutil.which(one)]
    return f"not installed: {', '.join(missing)}" if missing else ""


@contextmanager
def made_host(folder: Path) -> Iterator["MadeHost"]:
    """The host; whatever runs in it ends with it."""
    kinds = ("--net", "--mount", "--uts", "--ipc", "--pid", "--mount-proc", "--fork")
    with subprocess.Popen(["unshare", *kinds, "--kill-child", "sleep", "infinity"]) as holder:
        try:
            host = MadeHost(folder, _first_inside(holder.pid))
            host.set_up()
            with host.python(_TAKER) as host.taker:
                yield host
            for port in list(host.listeners):
                host.stops(port)
        finally:
            holder.kill()  # the first process inside dies with it, and so do all there


def _first_inside(holder: int) -> int:
    """Once it sleeps: before that its mounts are not its own, and its /proc is still to come."""
    children = Path(f"/proc/{holder}/task/{holder}/children")
    until = time.monotonic() + 40
    while True:
        for pid in children.read_text().split():
            if Path(f"/proc/{pid}/comm").read_text() == "sleep\n":
                return int(pid)
        assert time.monotonic() < until
        time.sleep(0.01)


class MadeHost:
    """The host, once it is there."""

    taker: "subprocess.Popen[str]"

    def __init__(self, folder: Path, first: int) -> None:
        self.folder = folder
        self.units = folder / "units"
        self.within = ["nsenter", "-t", str(first), "-n", "-m", "-u", "-i", "-p", "--"]
        self.listeners: dict[int, subprocess.Popen[str]] = {}
        self.asked: dict[str, Any] = {
            "folder": str(folder / "session"),
            "against": "",
            "key": str(folder / "key"),
            "trees": ["/etc"],
            "probes": [],
            "uid": 0,
            "gid": 0,
        }

    def set_up(self) -> None:
        """Make all that is there before anything changes."""
        self._make_files()
        self.run(_SET_UP.format(folder=self.folder))
        self.starts("productd", 8443)
        self.starts("productd", 8444)

    def run(self, script: str) -> None:
        """A shell script on that host; raises where one of its lines fails."""
        told = subprocess.run(
            [*self.within, "sh", "-ec", f"cd /\n{script}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr

    def starts(self, program: str, port: int) -> None:
        """A program of this name listens there, and goes on doing so."""
        listener = self.python(_LISTENER, program, str(port))
        assert listener.stdout is not None
        assert listener.stdout.readline() == "\n"
        self.listeners[port] = listener

    def stops(self, port: int) -> None:
        """What listens there ends."""
        self.listeners.pop(port).communicate()

    def python(self, code: str, *words: str) -> "subprocess.Popen[str]":
        """A Python program there that we can talk to."""
        command = [*self.within, sys.executable, "-I", "-c", code, *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def unit(self, name: str, state: str, at_boot: str, by: str = "") -> None:
        """How systemctl tells a unit from now on."""
        told = {
            "Id": name,
            "LoadState": "loaded",
            "ActiveState": state,
            "UnitFileState": at_boot,
            "TriggeredBy": by,
        }
        text = "".join(f"{key}={value}\n" for key, value in told.items() if value)
        (self.units / name).write_text(f"{text}\n")
        files = dict(line.split() for line in (self.units / "files").read_text().splitlines())
        files[name] = at_boot
        (self.units / "files").write_text("".join(f"{a} {b}\n" for a, b in sorted(files.items())))

    def fingerprint(self) -> dict[str, Any]:
        """Take one, in a process that stays, which saves the start of another."""
        assert self.taker.stdin is not None
        assert self.taker.stdout is not None
        self.taker.stdin.write(json.dumps(self.asked) + "\n")
        self.taker.stdin.flush()
        found: dict[str, Any] = json.loads(self.taker.stdout.readline())
        return found

    def drift(self) -> list[str]:
        """What a fingerprint taken now tells to have changed, in words."""
        return [says(from_json(change)) for change in self.fingerprint()["changes"]]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of ours there, with what is asked as its input."""
        return subprocess.run(
            [*self.within, *words],
            input=json.dumps(self.asked),
            capture_output=True,
            text=True,
            check=False,
        )

    def package(self, name: str, version: str) -> None:
        """A real package with nothing in it."""
        tree = self.folder / "debs" / f"{name}-{version}"
        (tree / "DEBIAN").mkdir(parents=True)
        control = {
            "Package": name,
            "Version": version,
            "Architecture": "all",
            "Maintainer": "nobody <nobody@localhost>",
            "Description": "nothing",
        }
        text = "".join(f"{key}: {value}\n" for key, value in control.items())
        (tree / "DEBIAN" / "control").write_text(text)
        subprocess.run(["dpkg-deb", "-b", tree, f"{tree}.deb"], check=True, capture_output=True)

    def _make_files(self) -> None:
        for name, text in _ETC.items():
            path = self.folder / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name in ("dpkg/info", "dpkg/updates", "dpkg/triggers", "units", "session"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "dpkg/status").touch()
        for package in ("legacy-2.0", "agent-1.0", "agent-1.1", "tool-1.0"):
            self.package(*package.split("-"))
        (self.units / "files").touch()
        for name, (state, at_boot, by) in _UNITS.items():
            self.unit(name, state, at_boot, by)
        systemctl = self.folder / "systemctl"
        systemctl.write_text(_SYSTEMCTL.format(units=self.units))
        systemctl.chmod(0o755)
