import base64
import json
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]
import pytest

from broker.recording.watched import VendorProbe
from broker.server.configuration import BadConfiguration, Configuration, read
from broker.server.news import KINDS


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


SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
URL = "https://hooks.example.com/services/T0/xxSECRETxx"


def test_webhooks(tmp_path: Path) -> None:
    (tmp_path / "chat.secret").write_text(f"{SECRET}\n")
    text = f"""
        [[webhook]]
        url = "{URL}"
        secret_file = "chat.secret"

        [[webhook]]
        name = "team chat"
        url = "http://127.0.0.1:8080/x"
        format = "slack"
        kinds = ["left", "returned"]
    """
    signed, slack = read(written(tmp_path, text)).webhooks
    assert (signed.name, signed.url, signed.secret) == ("hooks.example.com", URL, b"k" * 32)
    assert (signed.kinds, signed.format) == (frozenset(KINDS), "json")
    assert (slack.name, slack.secret) == ("team chat", None)
    assert (slack.kinds, slack.format) == (frozenset({"left", "returned"}), "slack")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "webhook 1: Object missing required field `url`"),
        ({"url": 7}, "webhook 1: Expected `str`, got `int` - at `$.url`"),
        ({"url": URL}, "webhook 1: it needs a secret or a secret_file to sign with"),
        ({"uri": URL}, "webhook 1: there is no setting 'uri'; there are url, name, secret,"),
        ({"url": "http://hooks.example.com/xxSECRETxx"}, "url: it begins with https://, or with"),
        ({"url": "xxSECRETxx"}, "url: that is no URL"),
        ({"url": "https://[::1/xxSECRETxx"}, "url: that is no URL"),
        ({"url": "https://a.test:xxSECRETxx/"}, "url: that is no URL"),
        ({"url": "https://a:xxSECRETxx@a.test/"}, "url: without a user, a password or a fragment"),
        ({"url": URL, "secret": "xxSECRETxx"}, "secret: whsec_ and the base64 of 24 to 64 random"),
        ({"url": URL, "secret": "whsec_c2hvcnQ="}, "secret: whsec_ and the base64 of 24 to 64"),
        ({"url": URL, "secret": f"{SECRET}?"}, "secret: whsec_ and the base64 of 24 to 64 random"),
        ({"url": URL, "secret_file": "none"}, "secret_file: can't read "),
        ({"url": URL, "secret": SECRET, "secret_file": "x"}, "secret or secret_file, not both"),
        ({"url": URL, "secret": SECRET, "format": "xml"}, "format: json or slack, not 'xml'"),
        ({"url": URL, "secret": SECRET, "kinds": ["gone"]}, "kinds: one or more of left, returned"),
        ({"url": URL, "secret": SECRET, "kinds": []}, "kinds: one or more of left, returned"),
        ({"url": URL, "secret": SECRET, "name": ""}, "name: 1 to 64 printable characters"),
    ],
)
def test_webhooks_that_make_no_sense(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    path = written(tmp_path, "\n".join(["[[webhook]]", *lines]))
    with pytest.raises(BadConfiguration) as raised:
        read(path)
    assert said in str(raised.value)
    assert "SECRET" not in str(raised.value)
    assert SECRET not in str(raised.value)


def test_webhooks_that_are_too_many_or_not_told_apart(tmp_path: Path) -> None:
    one = f'[[webhook]]\nurl = "{URL}"\nsecret = "{SECRET}"\n'
    with pytest.raises(BadConfiguration, match="webhook 2: another one is called"):
        read(written(tmp_path, 2 * one))
    with pytest.raises(BadConfiguration, match="webhook: at most 20 of them, not 21"):
        read(written(tmp_path, 21 * one))


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
area = "cluster"
command = ["/opt/product/bin/clusterctl", "show"]
"""


def test_probes_and_trees(tmp_path: Path) -> None:
    text = f"""trees = ["/opt/product/etc"]
{PROBE}
[[probe]]
name = "raid"
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
    assert cluster == VendorProbe("cluster", "cluster", command, 5.0, "lines", (), False)
    secret = ("(?<=key=).*",)
    assert raid == VendorProbe("raid", "product", ("megacli",), 10.0, "pairs", secret, True)


def test_the_operators_example_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/operators.md").read_text("utf-8")
    (example,) = [one for one in page.split("```") if one.startswith("toml") and "[[probe]]" in one]
    (probe,) = read(written(tmp_path, example.removeprefix("toml"))).probes
    assert (probe.name, probe.area, probe.parser) == ("cluster", "cluster", "pairs")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('probe = "x"', "the probes must be a list of tables"),
        ('[[probe]]\nname = "x"', "probe 'x': its command must be a list of words"),
        (
            f"{PROBE}timeout = nan",
            "probe 'cluster': its timeout must be more than 0 and at most 10",
        ),
        (f"{PROBE}{PROBE}", "there are two probes named 'cluster'"),
        ('trees = ["/opt/"]', "a tree must be the absolute path of a directory, without"),
        (
            "".join(
                PROBE.replace("cluster", f"c{n}") + f"secret = {['x' * 200] * 20}\n"
                for n in range(7)
            ),
            "bytes as JSON; at most 24576, since customers are shown all of it",
        ),
    ],
)
def test_probes_and_trees_that_make_no_sense(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadConfiguration) as raised:
        read(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert said in str(raised.value)


RECIPIENT = "age1r6sx3qfjv2k73jr3gcjmr7x7mf8k9ync68gudz9238wwaxzwv9xqhwsp3c"


def test_at_rest_and_retention(tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "old.key").touch(0o600)
    (tmp_path / "old.key").write_text(f"{identity}\n")
    text = f"""
    [at_rest]
    recipients = ["{RECIPIENT}", "{identity.to_public()}"]
    identity = ["old.key"]
    [retention]
    days = 365
    cases = {{ "short one" = 30, "a long dispute" = 0 }}
    """
    found = read(written(tmp_path, text))
    assert found.at_rest.recipients == (RECIPIENT, str(identity.to_public()))
    assert found.at_rest.keys.files == (tmp_path / "old.key",)
    assert str(identity) not in repr(found)
    days = [found.retention.of(case) for case in ("short one", "a long dispute", "any")]
    assert days == [30, 0, 365]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('at_rest.recipients = ["age1nonsense"]', "at_rest: 'age1nonsense' is no recipient"),
        ('at_rest.identity = "nothing.key"', "at_rest: can't read "),
        ("at_rest.search = true", "at_rest: search is about sealed sessions"),
        ("at_rest.recipient = []", "at_rest: Object contains unknown field `recipient`"),
        ("retention.days = -1", "retention: 0 (for ever) to 36500 days, not -1"),
        ("retention.cases.x = 1.5", "retention: Expected `int`, got `float`"),
    ],
)
def test_at_rest_and_retention_that_make_no_sense(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadConfiguration) as raised:
        read(path)
    assert str(raised.value).startswith(f"{path}: {said}")
