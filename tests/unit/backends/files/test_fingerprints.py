from safeglot.backends.files.fingerprints import (
    content_hash,
    file_fingerprint,
    folder_fingerprint,
    short_hash,
)


def test_a_short_hash_is_that_of_all_its_parts():
    assert short_hash([b"ab", b"c"]) == short_hash([b"abc"]) != short_hash([b"abd"])
    assert len(short_hash([])) == 12


def test_fingerprints_are_pinned(tmp_path):
    # a change here makes every local model another one in keys and signatures: it must be meant
    (tmp_path / "b").write_bytes(bytes(i * i % 251 for i in range(10)))
    assert folder_fingerprint(tmp_path) == "174dd4801146"
    assert file_fingerprint(tmp_path / "b") == "def33b7eef98"
    (tmp_path / "x").write_bytes(b"GGUF" + bytes(range(256)) * 1000)
    assert file_fingerprint(tmp_path / "x") == "5b1c7ce3473e"


def test_the_fingerprint_of_a_file_is_of_its_bytes(tmp_path):
    a, b, c = (tmp_path / n for n in "abc")
    a.write_bytes(b"x" * 200_000)
    b.write_bytes(b"x" * 200_000)
    c.write_bytes(b"x" * 199_999 + b"y")
    assert file_fingerprint(a) == file_fingerprint(b) != file_fingerprint(c)
    assert content_hash(a) == content_hash(b) != content_hash(c)


def test_one_byte_anywhere_makes_another_file(tmp_path):
    file = tmp_path / "model.gguf"
    data = bytearray(b"GGUF" + bytes(20_000_000))
    file.write_bytes(data)
    first = file_fingerprint(file), folder_fingerprint(tmp_path)
    data[12_345_677] = 1
    file.write_bytes(data)
    assert file_fingerprint(file) != first[0]
    assert folder_fingerprint(tmp_path) != first[1]


def test_the_fingerprint_of_a_folder_is_of_names_and_bytes(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.bin").write_bytes(b"x" * 200_000)
    first = folder_fingerprint(tmp_path)
    (tmp_path / "sub" / "a.bin").write_bytes(b"x" * 199_999 + b"y")
    assert folder_fingerprint(tmp_path) != first
    (tmp_path / "sub" / "a.bin").write_bytes(b"x" * 200_000)
    assert folder_fingerprint(tmp_path) == first
    (tmp_path / "sub" / "a.bin").rename(tmp_path / "a.bin")
    assert folder_fingerprint(tmp_path) != first
