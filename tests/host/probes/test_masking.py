"""No secret passes, what is none stays."""

import re

import pytest

from broker.host.probes.masking import masked

SECRETS = {
    "password=hunter2": "password=[secret]",
    "DB_PASSWORD='hunter 2'; x": "DB_PASSWORD='[secret]'; x",
    '{"token": "hunter2", "n": 1}': '{"token": "[secret]", "n": 1}',
    "api_key: hunter2": "api_key: [secret]",
    "curl --user me:hunter2 http://x": "curl --user me:[secret] http://x",
    "backup --db-password hunter2 -v": "backup --db-password [secret] -v",
    "mysqldump -u root -phunter2 db": "mysqldump -u root -p[secret] db",
    "postgres://app:hunter2@db/x": "postgres://app:[secret]@db/x",
    "git+https://ghp_abcdefghij0123@host/x": "git+https://[secret]@host/x",
    "  wpa-psk hunter2": "  wpa-psk [secret]",
    "rocommunity hunter2": "rocommunity [secret]",
    "PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=": "PrivateKey = [secret]",
    "Authorization: Bearer hunter2hunter2": "Authorization: Bearer [secret]",
    "a:$6$salt$hunter2:19000": "a:[secret]:19000",
    "x\n-----BEGIN RSA KEY-----\nhunter2\nhunter2": "x\n-----BEGIN RSA KEY----- [secret]",
    "-----BEGIN X-----\nhunter2\n-----END X-----\ny": "-----BEGIN X----- [secret]\ny",
}
PLAIN = [
    "alice ALL=(ALL) NOPASSWD: ALL",
    "Defaults passwd_tries=3",
    "passwd:         files systemd",
    "token:x:1000:1000::/home/token:/bin/sh",
    "nameserver 192.0.2.53",
    "net.ipv4.tcp_keepalive_time = 7200",
    "http://example.org/a:b@c/",
    "0 3 * * * root mysql-backup --pretty",
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_masked_visibly(text: str) -> None:
    assert masked(text) == SECRETS[text]
    assert masked(masked(text)) == SECRETS[text]


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


def test_a_vendors_own_patterns_are_masked_too() -> None:
    assert masked("serial AB-1234 ok", [re.compile(r"AB-\d+")]) == "serial [secret] ok"
