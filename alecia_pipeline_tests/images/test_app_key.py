from alecia_pipeline.images.app_key import app_key
from alecia_pipeline.redaction import MASK, Secret


def test_each_app_has_its_own_key_and_always_the_same() -> None:
    master = Secret("0123456789abcdef")
    website, colab = app_key(master, "website"), app_key(master, "colab")
    assert website.reveal() == app_key(Secret("0123456789abcdef\n"), "website").reveal()
    assert len({website.reveal(), colab.reveal(), app_key(Secret("other"), "website").reveal()}) == 3
    assert len(bytes.fromhex(website.reveal())) == 32
    assert MASK in f"{website!r} {website}"


def test_the_key_is_hmac_sha256() -> None:
    """By `printf alecia-pipeline/app-key/v1/website | openssl dgst -sha256 -hmac 0123456789abcdef`."""
    expected = "5a6375ee084b7969e06198091fd5208d0df4b0591e6cafdd380fd94d945b9e09"
    assert app_key(Secret("0123456789abcdef"), "website").reveal() == expected
