"""What the tools print, as they print it."""

import pytest

from broker.host.probes.parsers import accounts, kernel, packages, storage, texts, units
from broker.host.probes.probe import Subjects

SYSCTL = """\
fs.dentry-state = 115024\t103018\t45\t0\t33482\t0
kernel.core_pattern =
kernel.random.uuid = 0b0ac8a9-6b4c-4a3c-a4e4-7a3a56c3e8a5
net.ipv4.ip_local_port_range = 32768\t60999
net.ipv6.conf.eth0.mtu = 1500
net.ipv6.conf.eth0.stable_secret = 2001::1
net.ipv4.conf.all.forwarding = 0
vm.swappiness = 60
"""
MODULES = """\
nfsd 847872 13 - Live 0x0000000000000000
sunrpc 692224 19 nfsd,lockd, Live 0x0000000000000000
vendor 16384 0 - Live 0x0000000000000000 (OE)
"""
MOUNTS = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 ro,discard
28 27 254:1 /srv /mnt/with\040space ro,nosuid master:2 - xfs /dev/vdb1 rw
29 27 0:24 / /run/user/1000 rw - tmpfs tmpfs rw,size=1k
30 27 0:25 / /var/lib/docker/overlay2/ab/merged rw - overlay overlay rw,lowerdir=/a
31 27 0:26 / /mnt/t rw - tmpfs tmpfs rw,size=100k,nr_inodes=3
"""
SWAPS = """\
Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority
/dev/vda2                               partition\t1048572\t\t5120\t\t-2
"""
MDSTAT = """\
Personalities : [raid1] [raid6]
md0 : active raid1 sdb1[1] sda1[0](F)
      1046528 blocks super 1.2 [2/1] [U_]
      [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min

unused devices: <none>
"""
SHOW = """\
Id=nfs-server.service
LoadState=loaded
ActiveState=failed
UnitFileState=enabled

Id=agent.service
LoadState=loaded
ActiveState=reloading
UnitFileState=disabled

Id=old.service
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled

Id=off.service
LoadState=loaded
ActiveState=inactive
UnitFileState=enabled

Id=logrotate.service
LoadState=loaded
ActiveState=activating
UnitFileState=enabled
TriggeredBy=logrotate.timer

Id=man-db.service
LoadState=loaded
ActiveState=failed
UnitFileState=static
TriggeredBy=man-db.timer

Id=user@1000.service
LoadState=loaded
ActiveState=active
UnitFileState=static

Id=gone.service
LoadState=not-found
ActiveState=inactive
"""
UNIT_FILES = """\
nginx.service                          enabled         enabled
run-abc.service                        transient       -
logrotate.timer                        disabled        enabled
"""
DPKG = "adduser\t3.134\tii \nold\t1.0\trc \nkernel:amd64\t6.1\thi \nbroken\t2\tiF \n"
RPM = "kernel.x86_64\t5.14.0-70\nbash.x86_64\t5.1.8-4\nkernel.x86_64\t5.14.0-162\n"
PASSWD = "root:x:0:0:root:/root:/bin/sh\n+::::::\nbroken\nalice:$6$x$y:1000:1000::/home/alice:\n"
SUDOERS = """\
# a comment
Defaults        env_reset
#includedir /etc/sudoers.d
#1000 ALL=(ALL) ALL
alice ALL=(ALL) \\
   /usr/bin/id
"""


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            kernel.sysctl("", SYSCTL),
            {
                "kernel.core_pattern": {"": "empty"},
                "net.ipv4.ip_local_port_range": {"": "32768 60999"},
                "vm.swappiness": {"": "60"},
            },
        ),
        (
            kernel.modules("", MODULES),
            {name: {"": "loaded"} for name in ("nfsd", "sunrpc", "vendor")},
        ),
        (kernel.modules("", ""), {}),
        (
            kernel.system("/proc/sys/kernel/osrelease", "6.1.0-9\n"),
            {"kernel": {"": "6.1.0-9"}},
        ),
        (kernel.system("/proc/sys/kernel/domainname", "(none)\n"), {}),
        (
            storage.mounts("", MOUNTS),
            {
                "/proc": {"": "proc from proc", "access": "read-write", "options": "relatime"},
                "/": {
                    "": "ext4 from /dev/vda1",
                    "access": "read-only",
                    "options": "relatime,discard",
                },
                "/mnt/with space": {
                    "": "xfs from /dev/vdb1 (/srv)",
                    "access": "read-only",
                    "options": "nosuid",
                },
                "/mnt/t": {"": "tmpfs from tmpfs", "access": "read-write"},
            },
        ),
        (storage.swaps("", SWAPS), {"swap /dev/vda2": {"": "partition of 1048572 KiB"}}),
        (
            storage.arrays("", MDSTAT),
            {"array md0": {"": "active raid1", "disks": "sda1(F), sdb1", "disks up": "U_"}},
        ),
        (
            storage.zpools("", "tank\tDEGRADED\t1.81T\toff\n"),
            {"pool tank": {"": "DEGRADED", "size": "1.81T", "readonly": "off"}},
        ),
        (
            storage.datasets("", "tank/a\tfilesystem\t/a\tyes\tnone\tnone\toff\n"),
            {
                "dataset tank/a": {
                    "": "filesystem",
                    "mountpoint": "/a",
                    "mounted": "yes",
                    "quota": "none",
                    "reservation": "none",
                    "readonly": "off",
                }
            },
        ),
        (
            storage.volumes("", "  vg0/root\t107374182400B\tlinear\tactive\n"),
            {"volume vg0/root": {"": "active", "size": "107374182400B", "kind": "linear"}},
        ),
        (
            storage.groups("", "  vg0\t107B\t2\t0\n"),
            {"volume group vg0": {"size": "107B", "disks": "2", "missing disks": "0"}},
        ),
        (
            units.states("", SHOW),
            {
                "nfs-server": {"": "failed"},
                "agent": {"": "active"},
                "off": {"": "inactive"},
                "man-db": {"": "failed"},
            },
        ),
        (
            units.at_boot("", UNIT_FILES),
            {"nginx at boot": {"": "enabled"}, "logrotate.timer at boot": {"": "disabled"}},
        ),
        (units.states("", ""), {}),
        (
            packages.dpkg("", DPKG),
            {
                "adduser": {"": "3.134"},
                "kernel:amd64": {"": "6.1, held"},
                "broken": {"": "2, half configured"},
            },
        ),
        (
            packages.rpm("", RPM),
            {"kernel.x86_64": {"": "5.14.0-162, 5.14.0-70"}, "bash.x86_64": {"": "5.1.8-4"}},
        ),
        (
            accounts.users("", PASSWD)["user alice"],
            {"uid": "1000", "gid": "1000", "home": "/home/alice"},
        ),
        (
            accounts.groups("", "ops:!:1301:alice, bob\nweb:x:1302:\n"),
            {"group ops": {"gid": "1301", "alice": "", "bob": ""}, "group web": {"gid": "1302"}},
        ),
        (
            texts.sudoers("/etc/sudoers", SUDOERS)["/etc/sudoers"],
            {
                "Defaults env_reset": "",
                "#includedir /etc/sudoers.d": "",
                "#1000 ALL=(ALL) ALL": "",
                "alice ALL=(ALL) /usr/bin/id": "",
            },
        ),
        (
            texts.lines("/etc/fstab", "# x\n//nas/a  /mnt cifs\n\n;y\n")["/etc/fstab"],
            {"//nas/a /mnt cifs": ""},
        ),
        (
            texts.pairs("array", "State: ok\nsize = 5\nfans 3\n\nlone\n")["array"],
            {"State": "ok", "size": "5", "fans": "3"},
        ),
        (texts.whole("v", " 1.2 \n 3 ")["v"], {"": "1.2 3"}),
        (
            texts.tree("j", '{"a": {"b": ["x", 1]}, "c": null, "d": {}}')["j"],
            {"a.b.0": "x", "a.b.1": "1", "c": "null", "d": "{}"},
        ),
        (texts.printed("l", "b\n\na  c\n")["l"], {"b": "", "a c": ""}),
    ],
)
def test_read(found: Subjects, expected: Subjects) -> None:
    assert found == expected


def test_lines_that_go_on_differently_are_told_apart() -> None:
    same = "x" * 300
    (found,) = texts.lines("f", f"{same}1\n{same}2\n").values()
    assert len(found) == 2
    assert max(map(len, found)) <= texts.LONGEST_ENTRY


@pytest.mark.parametrize(
    ("parser", "text"),
    [(kernel.modules, "x"), (storage.mounts, "x"), (units.states, "x"), (units.at_boot, "x"),
     (storage.zpools, "a\tb"), (packages.dpkg, "x"), (texts.tree, "{"),
     (texts.printed, "".join(f"{n}\n" for n in range(2001)))],
)  # fmt: skip
def test_what_is_not_as_it_should_be_is_not_read(parser: object, text: str) -> None:
    assert callable(parser)
    with pytest.raises(ValueError):  # noqa: PT011 - of several kinds
        parser("", text)
