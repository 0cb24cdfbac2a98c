import sys

from safeglot.config.plug_ins import plug_ins


def package(folder, name, text):
    info = folder / name
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (info / "entry_points.txt").write_text(text)


def test_a_group_that_no_package_names_is_empty():
    assert plug_ins("safeglot.nothing-of-the-kind") == {}


def test_the_entry_points_of_a_group_alone_are_found(tmp_path, monkeypatch):
    package(tmp_path, "other-1.dist-info", "[of.ours]\na = m:A\nb = m.n:B\n[of.others]\nc = m:C\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert plug_ins("of.ours") == {"a": "m:A", "b": "m.n:B"}


def test_an_egg_counts_too(tmp_path, monkeypatch):
    package(tmp_path, "other.egg-info", "[of.ours]\na = m:A\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert plug_ins("of.ours") == {"a": "m:A"}


def test_a_finder_that_has_packages_of_its_own_is_asked(tmp_path, monkeypatch):
    from importlib import metadata

    package(tmp_path, "other-1.dist-info", "[of.ours]\na = m:A\n")

    class Finder:
        def find_distributions(self, context):
            return iter([metadata.PathDistribution(tmp_path / "other-1.dist-info")])

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert plug_ins("of.ours") == {"a": "m:A"}


def test_a_path_that_is_not_there_or_no_folder_is_no_fault(tmp_path, monkeypatch):
    (tmp_path / "archive.zip").write_bytes(b"PK")
    monkeypatch.setattr(
        sys, "path", [*sys.path, str(tmp_path / "no"), str(tmp_path / "archive.zip")]
    )
    assert plug_ins("of.ours") == {}
