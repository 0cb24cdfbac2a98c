from click.testing import CliRunner

from safeglot.cli.logs import import_run


def test_it_says_what_comes_next(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "id,language,category,text,answer,verdict,other\n1,en,c,Hello,x,safe,Y\n", "utf-8"
    )
    given = [str(path), "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(import_run, given, catch_exceptions=False)
    assert done.exit_code == 0
    assert f"Next: safeglot score {tmp_path / 'run'}" in done.output
    plain = [
        "--columns",
        "verdict=other",
        "--verdicts",
        "y=safe",
        "--columns",
        "model==m",
        "--quiet",
    ]
    given = [str(path), "--out", str(tmp_path / "other"), *plain]
    done = CliRunner().invoke(import_run, given, catch_exceptions=False)
    assert done.exit_code == 0
