from pathlib import Path

import pytest

from broker.server.configuration import BadConfiguration, Configuration, read


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
