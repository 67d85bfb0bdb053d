"""Drift on a real host, made of namespaces: each kind of change is told once, in the right words,
and nothing is told of a host that nobody touched.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.host.invocation import command
from broker.recording.drift import LONGEST_VALUE
from tests.faults.made_host import MadeHost, lacking, made_host

pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking())


@dataclass(frozen=True)
class Kind:
    """One kind of change: what is done on the host, and what must be told, no more and no less."""

    name: str
    done: str | Callable[[MadeHost], None]
    told: tuple[str, ...]


def kind(name: str, done: str | Callable[[MadeHost], None], *told: str) -> Kind:
    return Kind(name, done, told)


def _crash_looped(host: MadeHost) -> None:
    host.unit("nfs-server.service", "failed", "enabled")


def _disabled(host: MadeHost) -> None:
    host.unit("nginx.service", "active", "disabled")
    host.run("rm /etc/systemd/system/multi-user.target.wants/nginx.service")


def _timer_stopped(host: MadeHost) -> None:
    host.unit("backup.timer", "inactive", "enabled")


def _job_failed(host: MadeHost) -> None:
    host.unit("logrotate.service", "failed", "static", "logrotate.timer")


def _replaced(host: MadeHost) -> None:
    host.stops(8444)
    host.starts("otherd", 8444)


NAMED = "(ALL) NOPASSWD: ALL"
TMPFS = "tmpfs from files, access read-write, options relatime"
MUCH = "directory, mode 0755, owner root:root: with " + ", ".join(
    sorted(str(n) for n in range(1, 501))
)
KINDS = [
    kind("mtu", "ip link set eth1 mtu 9000", "mtu of eth1 1500 → 9000"),
    kind("link down", "ip link set eth2 down", "link eth2 up → down"),
    kind(
        "MAC address",
        "ip link set eth1 address 02:00:00:00:00:71",
        "MAC address of eth1 02:00:00:00:00:01 → 02:00:00:00:00:71",
    ),
    kind("bridge's port", "ip link set eth3 master br0", "master of eth3 none → br0"),
    kind(
        "bridge's port no more, and its address",
        "ip link set eth5 nomaster; ip address delete 192.0.2.146/28 dev eth5",
        "address 192.0.2.146/28 removed from eth5",
        "master of eth5 br0 → none",
    ),
    kind(
        "new link",
        "ip link add eth7 address 02:00:00:00:00:07 type ifb",
        "link eth7 appeared: down, kind ifb, mac 02:00:00:00:00:07, mtu 1500",
    ),
    kind("link with an address gone", "ip link delete eth4", "link eth4 went"),
    kind(
        "address",
        "ip address add 192.0.2.77/24 dev eth0",
        "address 192.0.2.77/24 added to eth0",
    ),
    kind(
        "IPv6 address gone",
        "ip address delete fd00:1::9/64 dev eth0",
        "address fd00:1::9/64 removed from eth0",
    ),
    kind(
        "other address",
        "ip address delete 198.51.100.2/24 dev eth1; ip address add 198.51.100.3/24 dev eth1",
        "address of eth1 198.51.100.2/24 → 198.51.100.3/24",
    ),
    kind(
        "default route",
        "ip route replace default via 198.51.100.254 dev eth1",
        "default route via 192.0.2.1 dev eth0 → via 198.51.100.254 dev eth1",
    ),
    kind(
        "IPv6 default route",
        "ip -6 route delete default; ip -6 route add default via fd00:1::7 dev eth0",
        "IPv6 default route via fd00:1::1 dev eth0 metric 1024"
        " → via fd00:1::7 dev eth0 metric 1024",
    ),
    kind(
        "route",
        "ip route add 203.0.113.0/24 via 192.0.2.1",
        "route to 203.0.113.0/24 via 192.0.2.1 dev eth0 appeared",
    ),
    kind(
        "route gone",
        "ip route delete 10.20.0.0/16",
        "route to 10.20.0.0/16 via 192.0.2.1 dev eth0 went",
    ),
    kind(
        "route of another table",
        "ip route add default via 192.0.2.1 table 100",
        "default route in table 100 via 192.0.2.1 dev eth0 appeared",
    ),
    kind(
        "blackhole",
        "ip route add blackhole 10.9.0.0/16",
        "route to 10.9.0.0/16 blackhole appeared",
    ),
    kind(
        "rule",
        "ip rule add priority 100 from 10.0.0.0/8 lookup 100",
        "routing rule 100 added: from 10.0.0.0/8 lookup 100",
    ),
    kind(
        "IPv6 rule",
        "ip -6 rule add priority 101 from fd00::/8 lookup 100",
        "routing IPv6 rule 101 added: from fd00::/8 lookup 100",
    ),
    kind(
        "resolver",
        "printf '# made by hand\nnameserver 192.0.2.54\n' > /etc/resolv.conf",
        "nameserver 192.0.2.53 → 192.0.2.54",
    ),
    kind(
        "search list",
        "echo 'search example.org' >> /etc/resolv.conf",
        "search list example.org added",
    ),
    kind(
        "listening",
        lambda host: host.starts("productd", 8080),
        "productd listens on tcp 127.0.0.1:8080",
    ),
    kind(
        "no longer listening",
        lambda host: host.stops(8443),
        "productd no longer listens on tcp 127.0.0.1:8443",
    ),
    kind("another program listening", _replaced, "tcp 127.0.0.1:8444: productd → otherd"),
    kind(
        "firewall rule",
        "nft add rule inet filter input tcp dport 22 counter accept",
        "added to inet filter input: tcp dport 22 counter accept",
    ),
    kind(
        "firewall policy",
        "nft chain inet filter forward '{ policy drop; }'",
        "policy of chain inet filter forward accept → drop",
    ),
    kind(
        "firewall set",
        "nft add element inet filter blocked '{ 10.0.0.9 }'",
        "added to inet filter blocked: 10.0.0.9",
    ),
    kind(
        "order of firewall rules",
        "nft flush chain inet filter output; nft add rule inet filter output tcp dport 2 accept;"
        "nft add rule inet filter output tcp dport 1 accept",
        "order in inet filter output changed",
    ),
    kind(
        "firewall chain gone", "nft delete chain inet filter extra", "chain inet filter extra went"
    ),
    kind(
        "forwarding",
        "sysctl -q net.ipv4.ip_forward=1",
        "net.ipv4.ip_forward 0 → 1",
    ),
    kind(
        "setting of a link",
        "sysctl -q net.ipv4.conf.eth0.log_martians=1",
        "net.ipv4.conf.eth0.log_martians 0 → 1",
    ),
    kind(
        "setting of all links",
        "sysctl -q net.ipv6.conf.all.disable_policy=1",
        "net.ipv6.conf.all.disable_policy 0 → 1",
    ),
    kind("kernel setting", "sysctl -q kernel.msgmax=65536", "kernel.msgmax 8192 → 65536"),
    kind(
        "host name",
        "hostname elsewhere; echo elsewhere > /etc/hostname",
        "host name appliance → elsewhere",
    ),
    kind("mount", "mount -t tmpfs files /mnt/data", f"/mnt/data mounted: {TMPFS}"),
    kind(
        "read-only",
        "mount -o remount,ro /mnt/share",
        "access of /mnt/share read-write → read-only",
    ),
    kind("unmounted", "umount /mnt/old", f"/mnt/old unmounted: was {TMPFS}"),
    kind("service failed", _crash_looped, "nfs-server: active → failed"),
    kind("service disabled", _disabled, "nginx at boot: enabled → disabled"),
    kind("timer stopped", _timer_stopped, "backup.timer: active → inactive"),
    kind("timer's job failed", _job_failed, "logrotate: failed"),
    kind("package", "dpkg -i {folder}/debs/tool-1.0.deb", "tool 1.0 installed"),
    kind("package upgraded", "dpkg -i {folder}/debs/agent-1.1.deb", "agent 1.0 → 1.1"),
    kind("package removed", "dpkg -r legacy", "legacy 2.0 removed"),
    kind(
        "kernel modules",
        "echo 'nfsd 90112 2 lockd,sunrpc, Live 0x0000000000000000' > /proc/modules",
        "module floppy unloaded",
        "module nfsd loaded",
    ),
    kind(
        "user",
        "useradd -M -u 1500 -s /bin/sh bob",
        "user bob added: gid 1500, home /home/bob, shell /bin/sh, uid 1500",
    ),
    kind(
        "user gone",
        "userdel dave",
        "dave removed from group ops",
        "user dave removed: gid 1300, home /home/dave, shell /bin/sh, uid 1201",
    ),
    kind("shell", "usermod -s /bin/bash carol", "shell of user carol /bin/sh → /bin/bash"),
    kind("group's member", "usermod -aG ops carol", "carol added to group ops"),
    kind("group", "groupadd -g 1600 web", "group web added: gid 1600"),
    kind("password", "usermod -p '$6$abc$defghij' carol", "content of /etc/shadow changed"),
    kind(
        "sudo",
        f"echo 'carol ALL={NAMED}' > /etc/sudoers.d/carol",
        f"added to /etc/sudoers.d/carol: carol ALL={NAMED}",
    ),
    kind(
        "sudo taken away",
        "sed -i /%ops/d /etc/sudoers",
        "removed from /etc/sudoers: %ops ALL=(ALL) ALL",
    ),
    kind(
        "cron, with a secret",
        "echo '0 3 * * * root /usr/bin/backup --password hunter2' > /etc/cron.d/backup",
        "added to /etc/cron.d/backup: 0 3 * * * root /usr/bin/backup --password [secret]",
    ),
    kind(
        "user's cron",
        "rm /var/spool/cron/crontabs/carol",
        "removed from /var/spool/cron/crontabs/carol: 5 4 * * * /usr/bin/report",
    ),
    kind(
        "file's content, its size and time kept",
        "touch -r /etc/product/app.conf /mnt/then; echo 'size = 2' > /etc/product/app.conf;"
        "touch -r /mnt/then /etc/product/app.conf",
        "content of /etc/product/app.conf changed",
    ),
    kind("mode", "chmod 600 /etc/product/key.pem", "mode of /etc/product/key.pem 0644 → 0600"),
    kind("setuid", "chmod 4755 /etc/product/tool", "mode of /etc/product/tool 0644 → 4755"),
    kind(
        "owner",
        "chown 1200:1301 /etc/product/data",
        "owner of /etc/product/data root:root → carol:ops",
    ),
    kind(
        "link",
        "ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime",
        "/etc/localtime: link to /usr/share/zoneinfo/UTC → link to /usr/share/zoneinfo/Asia/Tokyo",
    ),
    kind(
        "file becomes link",
        "ln -sf app.conf /etc/product/flip.conf",
        "/etc/product/flip.conf: file → link to app.conf",
    ),
    kind(
        "file",
        "echo a > /etc/product/new.conf",
        "/etc/product/new.conf appeared: file, mode 0644, owner root:root",
    ),
    kind("file gone", "rm /etc/product/old.conf", "/etc/product/old.conf went"),
    kind(
        "directory",
        "mkdir /etc/extra; touch /etc/extra/a.conf /etc/extra/b.conf",
        "/etc/extra appeared: directory, mode 0755, owner root:root: with a.conf, b.conf",
    ),
    kind(
        "directory with much in it",
        "mkdir /etc/much; seq -f /etc/much/%g 500 | xargs touch",
        f"/etc/much appeared: {MUCH[: LONGEST_VALUE - 2].rstrip()} …",
    ),
    kind(
        "line of a file",
        "echo '/srv 192.0.2.0/24(ro)' >> /etc/exports",
        "/etc/exports: line added: /srv 192.0.2.0/24(ro)",
    ),
    kind(
        "file of settings that grew too long to be read",
        "head -c 1100000 /dev/zero | tr '\\0' a > /etc/nfs.conf",
        "content of /etc/nfs.conf changed",
    ),
    kind(
        "line changed",
        "sed -i s/192.0.2.9/192.0.2.10/ /etc/hosts",
        "/etc/hosts: line 192.0.2.9 storage → 192.0.2.10 storage",
    ),
    kind(
        "line with a secret",
        "sed -i s/username=it/username=ops/ /etc/fstab",
        "/etc/fstab: line //nas/share /mnt/nas cifs username=it,password=[secret] 0 0"
        " → //nas/share /mnt/nas cifs username=ops,password=[secret] 0 0",
    ),
    kind(
        "the secret alone",
        "sed -i s/verysecret1/verysecret2/ /etc/network/interfaces",
        "content of /etc/network/interfaces changed",
    ),
]

CLIENT = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'?', ('192.0.2.2', 9))"
# What goes on on any host: counters, leases that run down, logs, clients' ports, jobs of timers,
# programs that start again, files that are written as they were.
NOISE = """
ip address replace 192.0.2.200/24 dev eth0 valid_lft {lease} preferred_lft {lease}
ip -6 route replace fd00:9::/64 dev eth0 expires {lease}
ip neighbour replace 192.0.2.7{turn} lladdr 02:00:00:00:01:0{turn} dev eth0
echo {turn} >> /var/log/messages
touch /etc/product/app.conf; cp /etc/hosts /etc/hosts.new; cat /etc/hosts.new > /etc/hosts
rm /etc/hosts.new
echo {turn} > /etc/mtab; echo {turn} > /etc/ld.so.cache; echo {turn} > /etc/.app.conf.swp
nft add element inet filter blocked '{{ 10.0.0.8 timeout 1h }}'
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeHost]:
    with made_host(tmp_path_factory.mktemp("host")) as host:
        host.fingerprint()
        yield host


@pytest.mark.parametrize("change", KINDS, ids=lambda change: change.name)
def test_told_once_in_the_right_words(host: MadeHost, change: Kind) -> None:
    if isinstance(change.done, str):
        host.run(change.done.replace("{folder}", str(host.folder)))
    else:
        change.done(host)
    assert host.drift() == list(change.told)


def test_nothing_is_told_of_a_host_that_nobody_touched(host: MadeHost) -> None:
    def goes_on(turn: int) -> None:
        host.python(CLIENT).communicate()
        host.run(NOISE.format(turn=turn, lease=3600 - turn))
        state = ("inactive", "activating")[turn % 2]
        host.unit("logrotate.service", state, "static", "logrotate.timer")

    goes_on(0)
    host.fingerprint()
    for turn in range(1, 6):
        goes_on(turn)
        assert host.drift() == []


def test_the_command_tells_when_a_file_was_changed_and_keeps_what_it_found(host: MadeHost) -> None:
    host.run("rm /etc/nfs.conf")
    host.fingerprint()
    host.run("echo later >> /etc/product/tool")
    told = host.command(*command("fingerprint"))
    assert told.stderr == ""
    found = json.loads(told.stdout)
    ((area, subject, fact, *_, at),) = found["changes"]
    assert (area, subject, fact) == ("files", "/etc/product/tool", "content")
    assert abs(time.time() - at) < 60
    assert found["before"]["n"] == found["n"] - 1
    assert found["cpu"] < 2.0
    assert found["limits"] == []
    kept = Path(host.asked["folder"], "fingerprint.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert Path(host.asked["key"]).stat().st_mode & 0o777 == 0o600
    assert not [one for one in ("hunter2", "verysecret", "$6$abc") if one in kept.read_text()]
