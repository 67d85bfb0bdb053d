"""What is masked of output and of command lines, however it comes; and what is not."""

from __future__ import annotations

import random

import pytest

from broker.host.masker import Masker
from broker.host.masks import DEFAULTS, MASK, fitting, mask_argv, mask_text, own

SECRET = "Zq7pXw3vKm9tRb5nLc2hJd8f"
"""Stands for all that must not be seen."""
TOKEN = "ghp_" + SECRET
KEY = "\r\n".join(
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB" + SECRET,
        SECRET * 2 + "==",
        "-----END OPENSSH PRIVATE KEY-----",
        "",
    ]
)
# What is printed, the name of the pattern, and what may be seen of it: M is a stretch of masks.
WHOLE = [
    (f"key AKIA{'Q7' * 8} x", "AWS key", "key AKIAM x"),
    (f"aws_secret_access_key = {SECRET}/+x", "password", "aws_secret_access_key = M"),
    (f"{TOKEN}, x", "GitHub token", "ghp_M, x"),
    (f"(gho_{SECRET})", "GitHub token", "(gho_M)"),
    (f"github_pat_{SECRET}_{SECRET}\tx", "GitHub token", "github_pat_M\tx"),
    (f"glpat-{SECRET} x", "GitLab token", "glpat-M x"),
    (f"xoxb-123-{SECRET}.", "Slack token", "xoxb-M."),
    (f"sk_live_{SECRET};", "Stripe key", "sk_live_M;"),
    (f"AIza{SECRET}|", "Google key", "AIzaM|"),
    (f"id eyJhbGciOi.eyJz{SECRET}.{SECRET} ok", "JSON web token", "id eyJM ok"),
    (f"> Authorization: Bearer {SECRET}", "authorization", "> Authorization: Bearer M"),
    (f"curl -H 'authorization: basic {SECRET}=' u", "authorization",
     "curl -H 'authorization: basic M' u"),
    (f"psql postgres://bob:{SECRET}@db/x", "password in a URL", "psql postgres://bob:M@db/x"),
    (f"https://u:a@{SECRET}@host/ x", "password in a URL", "https://u:M@host/ x"),
    (f"password={SECRET} next", "password", "password=M next"),
    (f"PGPASSWORD='{SECRET} {SECRET}' psql", "password", "PGPASSWORD='M' psql"),
    (f'{{"client_secret": "a\\"{SECRET}", "x": 1}}', "password", '{"client_secret": "M", "x": 1}'),
    (f"API_KEY => {SECRET}", "password", "API_KEY => M"),
    (f"api_token:\t{SECRET} x", "password", "api_token:\tM x"),
    (f"pre-shared-KEY\"        ===> {SECRET}", "password", "pre-shared-KEY\"        ===> M"),
    (f"Passphrase'        : {SECRET}", "password", "Passphrase'        : M"),
    (f"tool --db-password {SECRET} x", "password", "tool --db-password M x"),
    (f"tool --token={SECRET}", "password", "tool --token=M"),
    (f"mysql -u root -p{SECRET} db", "password", "mysql -u root -pM db"),
    (f"sshpass -p {SECRET} ssh host", "password", "sshpass -p M ssh host"),
    (f"curl -u bob:{SECRET} http://x", "password", "curl -u bob:M http://x"),
    (f"password=é漢{SECRET} x", "password", "password=M x"),
    (KEY + "$ ls", "private key",
     "-----BEGIN OPENSSH PRIVATE KEY-----\r\nM\r\nM\r\n-----END OPENSSH PRIVATE KEY-----\r\n$ ls"),
    (("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,1\n\n"
     f"{SECRET}\n-----END RSA PRIVATE KEY-----\n$ "),
     "private key",
     "-----BEGIN RSA PRIVATE KEY-----\nM\nM\n\nM\n-----END RSA PRIVATE KEY-----\n$ "),
    (f'"-----BEGIN PRIVATE KEY-----\\n{SECRET}\\n-----END PRIVATE KEY-----\\n"', "private key",
     '"-----BEGIN PRIVATE KEY-----M-----END PRIVATE KEY-----\\n"'),
    (f"-----BEGIN PGP PRIVATE KEY BLOCK-----\r\n\r\n{SECRET}\r\n$ rm x", "private key",
     "-----BEGIN PGP PRIVATE KEY BLOCK-----\r\n\r\nM\r\n$ rm x"),
]  # fmt: skip
PLAIN = [
    "the quick brown fox, 漢字 é \x1b[31mred\x1b[m\r\n",
    "ghp_short\r\n", "say ghp_1234 and go", "xghp_" + SECRET, "sk_live_x", "AKIAN", "eyJhb x",
    "bearer of news", "Basic authentication", "http://localhost:8080/x", "ssh://host:22\r\n",
    "http://host:80/@x", "git@host:a/b", "PWD=/home/bob", "passwd:         files systemd\r\n",
    "compass=north", "bypass = 1", "tokens: 12", "monkey=1", "--password-file /x",
    "[sudo] password for bob: \r\n", "Enter passphrase for key '/x': \r\n", "password:\r\nhello",
    "-----BEGIN CERTIFICATE-----\r\nMIIB\r\n-----END CERTIFICATE-----\r\n",
    "\xff\xfe \x1b[ \x1b] \x1bP no end", "a\r\nb\rc\bd\x1b[2Ke\tf\x1b[1@g\x1b[Hh\x1b7\x1b8",
]  # fmt: skip


def masked(pieces: list[bytes], cols: int = 400) -> tuple[str, dict[str, int]]:
    masker = Masker(DEFAULTS, cols)
    shown = b"".join(masker.feed(piece) for piece in pieces) + masker.flush()
    assert not masker.held
    return shown.decode("utf-8", "surrogateescape"), masker.take_counts()


def cut_at(data: bytes, *places: int) -> list[bytes]:
    ends = [*places, len(data)]
    return [data[start:end] for start, end in zip([0, *places], ends, strict=True)]


def seen(text: str) -> str:
    """Each stretch of masks as one M."""
    while MASK * 2 in text:
        text = text.replace(MASK * 2, MASK)
    return text.replace(MASK, "M")


@pytest.mark.parametrize(("printed", "name", "wanted"), WHOLE, ids=[one[2] for one in WHOLE])
def test_every_default_is_masked_wherever_the_reads_are_cut(
    printed: str, name: str, wanted: str
) -> None:
    data = printed.encode()
    whole, counts = masked([data])
    assert seen(whole) == wanted
    assert counts == {name: 1}
    assert masked(cut_at(data, *range(1, len(data)))) == (whole, counts)
    for place in range(1, len(data)):
        assert masked(cut_at(data, place)) == (whole, counts)


@pytest.mark.parametrize(("printed", "wanted"), [one[::2] for one in WHOLE])
def test_colours_and_links_within_do_not_let_it_through(printed: str, wanted: str) -> None:
    link = "\x1b]8;;file:x\x1b\\"
    coloured = "".join(
        f"\x1b[1;3{n % 8}m{char}\x1b[m\x1b[K{link * (n % 5 == 0)}" for n, char in enumerate(printed)
    )
    whole, _ = masked([coloured.encode()])
    bare, _ = masked([printed.encode()])
    for sequence in (link, "\x1b[m\x1b[K", *(f"\x1b[1;3{n}m" for n in range(8))):
        whole = whole.replace(sequence, "")
    assert whole == bare
    assert seen(whole) == wanted


@pytest.mark.parametrize("printed", PLAIN)
def test_all_else_passes_as_it_is(printed: str) -> None:
    data = printed.encode("latin-1" if "\xff" in printed else "utf-8")
    for pieces in [data], cut_at(data, *range(1, len(data))):
        assert masked(pieces)[0].encode("utf-8", "surrogateescape") == data


def test_one_mask_a_cell() -> None:
    assert masked(["token=ab漢é x".encode()])[0] == f"token={MASK * 5} x"


def test_where_the_reads_are_cut_makes_no_difference() -> None:
    rng = random.Random(5)  # noqa: S311 - the same each time
    words = [
        *(one[0] for one in WHOLE),
        *PLAIN,
        "\r\n",
        " ",
        "\t",
        "\x1b[1m",
        "x" * 50,
        "\b",
        "é漢",
    ]
    words += [
        "password",
        "=",
        '"',
        "'",
        "ghp_",
        "http://",
        ":",
        "@",
        SECRET,
        "-----BEGIN ",
        "Proc-",
    ]
    for _ in range(400):
        data = "".join(rng.choices(words, k=rng.randrange(1, 12))).encode()
        if b"\b" in data:  # then what stands behind the cursor tells as well
            data = data.replace(b"\b", b"")
        whole = masked([data], 40)
        places = sorted(rng.sample(range(len(data) + 1), min(len(data), rng.randrange(1, 30))))
        assert masked(cut_at(data, *places), 40) == whole, data


def test_no_mask_fits_a_text_without_its_signs() -> None:
    made = random.Random(7)  # noqa: S311 - the same each time
    pieces = [needle for mask in DEFAULTS for needle in mask.needles]
    pieces += [*"=:-_ \t'\"@>", " -p", " --user ", "AKIA", "xoxb", "Authorization", SECRET, "api"]
    pieces += [printed for printed, _, _ in WHOLE]
    fitted = set()
    for _ in range(1500):
        text = "".join(made.choices(pieces, k=made.randrange(1, 6)))
        for mask in DEFAULTS:
            without = str.maketrans(dict.fromkeys(mask.signs, made.choice(["", "x", "."])))
            for pattern in filter(None, (mask.whole, mask.cut)):
                if mask.signs and pattern.search(text):
                    fitted.add(mask)
                    assert pattern.search(text.translate(without)) is None
                    assert mask in fitting(text, DEFAULTS)
    assert fitted == {mask for mask in DEFAULTS if mask.signs}


def test_signs_let_nothing_through() -> None:
    made = random.Random(8)  # noqa: S311 - the same each time
    lines = [printed for printed, _, _ in WHOLE] + ["nothing in it"] * len(WHOLE)
    for only in (None, *WHOLE):
        some = made.choices(lines, k=150) if only is None else ["0123456789"] * 500 + [only[0]]
        data = "\r\n".join(some).encode() + b"\r\n"
        unsigned = Masker([mask._replace(signs="") for mask in DEFAULTS], 400)
        assert Masker(DEFAULTS, 400).feed(data) == unsigned.feed(data)


@pytest.mark.parametrize("name", ["passphrase", "credentials", "wireless-key9", "secret_key"])
@pytest.mark.parametrize("sign", ["=", "===>", ":="])
def test_as_much_as_may_stand_between_a_name_and_its_sign(name: str, sign: str) -> None:
    text, counts = masked([f'{name}"{" " * 8}{sign}{" " * 8}{SECRET} x'.encode()])
    assert SECRET not in text
    assert counts == {"password": 1}


def test_a_secret_that_is_edited_in_place() -> None:
    typed = f"export TOKEN={SECRET[:8]}\b\b\b{SECRET[5:8]}\x1b[3D{SECRET[9]}{SECRET[5:8]}\b\b\b"
    inserted = f"\x1b[1@{SECRET[10]}\x1b[1P\r$ export TOKEN=\x1b[4C{SECRET[12]}"
    text, counts = masked([("$ " + typed + inserted).encode()])
    assert seen(text) == (
        "$ export TOKEN=M\b\b\bM\x1b[3DM\b\b\b\x1b[1@M\x1b[1P\r$ export TOKEN=\x1b[4CM"
    )
    assert counts == {"password": 1}


@pytest.mark.parametrize("wrap", ["", " \r", "\r\n"])
def test_a_secret_that_is_broken_at_the_margin(wrap: str) -> None:
    before = "$ export TOKEN="
    data = f"{before}{SECRET[:5]}{wrap}{SECRET[5:]} x".encode()
    text, _ = masked([data], len(before) + 5)
    assert text == f"{before}{MASK * 5}{wrap}{MASK * (len(SECRET) - 5)} x"


def test_output_is_held_back_only_behind_a_whole_beginning_and_not_for_ever() -> None:
    masker = Masker(DEFAULTS, 80)
    assert masker.feed(b"ghp") == b"ghp"
    assert masker.feed(b"_") == b"_"
    assert masker.feed(b"Zq7") == b""
    assert masker.flush() == b"Zq7"  # too few to tell
    assert masker.feed(b"pX") == b""
    assert masker.flush() == 2 * MASK.encode()
    assert masker.feed(b"w3vKm9tRb5") == 10 * MASK.encode()
    assert not masker.held
    assert masker.take_counts() == {"GitHub token": 1}
    assert masker.take_counts() == {}
    assert masker.feed(b" http://localhost:8080") == b" http://localhost:"
    assert masker.flush() == b"8080"


def test_what_follows_a_text_of_the_customers_own() -> None:
    masks = (*DEFAULTS, own("X-Vault:"), own("pin="), own("密="))
    masker = Masker(masks, 80)
    line = f"X-Vault: {SECRET} PIN='{SECRET}' pin 密={SECRET}"
    shown = masker.feed(line.encode()).decode()
    assert seen(shown) == "X-Vault: M PIN='M' pin 密=M"
    assert masker.take_counts() == {"X-Vault:": 1, "pin=": 1, "密=": 1}
    assert mask_text(line, masks) == "X-Vault: ••• PIN='•••' pin 密=•••"


def test_memory_is_bounded_and_a_long_secret_stays_masked() -> None:
    masker = Masker(DEFAULTS, 80)
    shown = masker.feed(b"token=")
    for _ in range(2000):
        shown += masker.feed(SECRET.encode())
    assert shown.decode() == "token=" + MASK * 2000 * len(SECRET)
    assert masker._line is not None
    assert len(masker._line._text) <= 8192


@pytest.mark.parametrize(("printed", "wanted"), [one[::2] for one in WHOLE])
def test_command_lines(printed: str, wanted: str) -> None:
    line = printed.replace("\r\n", "\n")
    told = mask_text(line)
    assert seen(told) == wanted.replace("\r\n", "\n")
    assert mask_text(told) == told


def test_a_command_line_of_several_lines_is_kept_as_it_is() -> None:
    line = "for x in a b; do\n  echo $x\ndone <<EOF\n\tkey: 1\nEOF"
    assert mask_text(line) == line


def test_arguments() -> None:
    argv = [
        "x",
        "--password",
        f"{SECRET} {SECRET}",
        "y",
        "mysql",
        f"-p{SECRET}",
        TOKEN,
        "",
        "--f=1",
    ]
    assert mask_argv(argv) == [
        "x",
        "--password",
        "•••",
        "y",
        "mysql",
        "-p•••",
        "ghp_•••",
        "",
        "--f=1",
    ]
