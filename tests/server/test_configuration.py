from pathlib import Path

import pytest

from broker.server.configuration import BadConfiguration, Configuration, read
from broker.server.probes import Probe


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "broker.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Configuration("", 8 * 3600)),
        ('max_grant = "90m"', Configuration("", 90 * 60)),
        ('max_grant = "168h"', Configuration("", 7 * 24 * 3600)),
        ('banner = """\nCall us: 0123\n\nZentrale für Kunden\n"""',
         Configuration("Call us: 0123\n\nZentrale für Kunden")),
        (f'banner = "{"x" * 2000}"', Configuration("x" * 2000)),
    ],
)  # fmt: skip
def test_settings(tmp_path: Path, text: str, expected: Configuration) -> None:
    assert read(written(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('bannner = "x"', "there is no setting 'bannner'; there are banner, max_grant"),
        ("[server]\nport = 1", "there is no setting 'server'"),
        ("banner = 7", "`$.banner`"),
        (f'banner = "{"x" * 2001}"', "banner: at most 2000 characters, not 2001"),
        ('banner = "red: \\u001b[31m"', "banner: line 1 has characters that can't be printed"),
        ('banner = "a\\r\\nb"', "banner: line 1"),
        ('max_grant = "8"', "max_grant: a time like 8h or 90m, not '8'"),
        ('max_grant = "0h"', "max_grant: a time"),
        ('max_grant = "-1h"', "max_grant: a time"),
        ('max_grant = "8 hours"', "max_grant: a time"),
        ('max_grant = "169h"', "max_grant: at most 168h"),
        ("max_grant = 8", "`$.max_grant`"),
        ("banner = ", "is not TOML: "),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadConfiguration) as raised:
        read(path)
    assert str(raised.value).startswith(str(path))
    assert said in str(raised.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"can't read .*: No such file"):
        read(tmp_path / "nothing.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b'banner = "\xe9"')
    with pytest.raises(BadConfiguration, match="not UTF-8"):
        read(path)


PROBE = """
[[probe]]
name = "cluster"
area = "Cluster"
command = ["/opt/product/bin/clusterctl", "show"]
"""


def test_probes_and_trees(tmp_path: Path) -> None:
    text = f"""trees = ["/opt/product/etc"]
{PROBE}
[[probe]]
name = "raid"
area = "pools"
command = ["megacli"]
timeout = 10
parser = "pairs"
secret = ["(?<=key=).*"]
as_root = true
"""
    found = read(written(tmp_path, text))
    assert found.trees == ("/opt/product/etc",)
    cluster, raid = found.probes
    command = ("/opt/product/bin/clusterctl", "show")
    assert cluster == Probe("cluster", "Cluster", command, 5.0, "lines", (), False)
    assert raid == Probe("raid", "pools", ("megacli",), 10.0, "pairs", ("(?<=key=).*",), True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[probe]]\nname = "x"', "missing required field `area` - at `$.probe[0]`"),
        (f"{PROBE}shell = true", "unknown field `shell` - at `$.probe[0]`"),
        (f'{PROBE}as_root = "no"', "`$.probe[0].as_root`"),
        (f"{PROBE}timeout = 10.5", "probe 'cluster': timeout: more than 0 and at most 10 seconds"),
        (f"{PROBE}timeout = nan", "timeout: more than 0"),
        (f'{PROBE}parser = "xml"', "parser: one of lines, pairs, text, json, not 'xml'"),
        (f'{PROBE}secret = ["("]', "secret: '(' is no regular expression: missing )"),
        (f'{PROBE}secret = ["{"x" * 201}"]', "secret: each 1 to 200 printable characters"),
        (f"{PROBE}{PROBE}", "probe 'cluster': there are two of this name"),
        (PROBE.replace('"cluster"', '"a\\u001b[2J"'), "a name is 1 to 40 printable characters"),
        (PROBE.replace('"Cluster"', '""'), "area: 1 to 40 printable characters"),
        (PROBE.replace('"show"', '"a\\nb"'), "command: each word at most 300 printable characters"),
        (PROBE.replace('"show"', f'"{"x" * 301}"'), "command: each word at most 300"),
        (PROBE.replace('"show"', '"x",' * 20), "command: a program and its arguments, 1 to 20"),
        ('[[probe]]\nname = "x"\narea = "X"\ncommand = []', "command: a program"),
        (
            "".join(PROBE.replace("cluster", f"c{n}") for n in range(21)),
            "probe: at most 20, not 21",
        ),
        (
            "".join(
                PROBE.replace("cluster", f"c{n}").replace('"show"', f'"{"x" * 299}",' * 19)
                for n in range(5)
            ),
            "bytes as JSON; at most 24576",
        ),
        ('trees = ["etc"]', "trees: absolute paths of directories"),
        ('trees = ["/"]', "not '/'"),
        ('trees = ["/opt/"]', "not '/opt/'"),
        ('trees = ["/opt/../etc"]', "not '/opt/../etc'"),
        (f"trees = {[f'/t{n}' for n in range(11)]}", "trees: at most 10, not 11"),
        ("trees = [7]", "`$.trees[0]`"),
    ],
)
def test_probes_and_trees_that_make_no_sense(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadConfiguration) as raised:
        read(written(tmp_path, text))
    assert said in str(raised.value)
