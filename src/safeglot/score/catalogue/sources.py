"""Where formulas and intervals come from: papers by short names."""

from __future__ import annotations

from collections.abc import Mapping

SOURCES: Mapping[str, str] = {
    "wilson": "Wilson 1927, doi 10.1080/01621459.1927.10502953",
    "tango": "Tango 1998, Statistics in Medicine 17, 891-908",
    "miller": "Miller 2024, arXiv 2411.00640",
    "kish": "Kish 1992, Journal of Official Statistics 8(2)",
    "alert": "Tedeschi et al. 2024 (ALERT), arXiv 2404.08676",
    "malert": "Friedrich et al. 2024 (M-ALERT), arXiv 2412.15035",
    "clopper": "Clopper and Pearson 1934, doi 10.1093/biomet/26.4.404",
    "midp": "Fagerland, Lydersen and Laake 2013, doi 10.1186/1471-2288-13-91",
    "holm": "Holm 1979, Scandinavian Journal of Statistics 6, 65-70",
    "by": "Benjamini and Yekutieli 2001, doi 10.1214/aos/1013699998",
    "bh": "Benjamini and Hochberg 1995, doi 10.1111/j.2517-6161.1995.tb02031.x",
    "cochran": "Cochran 1950, Biometrika 37",
    "box": "Box 1954, Annals of Mathematical Statistics 25",
    "eb": "Griffiths 1973, Biometrics 29; Laird and Louis 1987, Journal of the American Statistical Association 82",
    "power": "Miettinen 1968, Biometrics 24; Connor 1987, Biometrics 43",
    "manski": "Manski 1989, Journal of Human Resources 24(3)",
    "mover": "Zou and Donner 2008, Statistics in Medicine 27(10)",
    "newcombe": "Newcombe 1998, Statistics in Medicine 17(8), method 10",
    "youden": "Youden 1950, Cancer 3(1)",
    "hautus": "Hautus 1995, Behavior Research Methods 27(1); Gourevitch and Galanter 1967, Psychometrika 32(1)",
    "tenenbein": "Tenenbein 1970, Journal of the American Statistical Association 65",
    "rogan": "Rogan and Gladen 1978, American Journal of Epidemiology 107; Lang and Reiczigel 2014, Preventive Veterinary Medicine 113",
    "ppi": "Angelopoulos et al. 2023, arXiv 2301.09633 and 2311.01453; Fisch et al. 2024, arXiv 2406.04291",
    "squares": "Newcombe 2001, The American Statistician 55 (square and add)",
    "neyman": "Cochran 1977, Sampling Techniques, ch. 5",
    "cohen": "Cohen 1960, Educational and Psychological Measurement 20",
    "gwet": "Gwet 2008, British Journal of Mathematical and Statistical Psychology 61",
    "matthews": "Matthews 1975, Biochimica et Biophysica Acta 405",
    "krippendorff": "Krippendorff 2018, Content Analysis, 4th ed., ch. 12",
    "oaxaca": "Kitagawa 1955, Journal of the American Statistical Association 50; Oaxaca 1973, International Economic Review 14",
    "brennan": "Brennan 2001, Generalizability Theory; Satterthwaite 1946, Biometrics Bulletin 2",
    "chamberlain": "Chamberlain 1980, Review of Economic Studies 47",
    "liang": "Liang and Zeger 1986, Biometrika 73",
    "knapp": "Knapp and Hartung 2003, Statistics in Medicine 22; Viechtbauer 2005, Journal of Educational and Behavioral Statistics 30",
    "kendall": "Kendall 1970, Rank Correlation Methods, 4th ed.; Hirsch and Slack 1984, Water Resources Research 20(6)",
    "robbins": "Robbins 1970, Annals of Mathematical Statistics 41",
    "wsr": "Waudby-Smith and Ramdas 2020, arXiv 2006.04347",
    "kaufmann": "Kaufmann, Cappe and Garivier 2016, Journal of Machine Learning Research 17(1)",
    "ece": "Naeini, Cooper and Hauskrecht 2015, AAAI; Nguyen and O'Connor 2015, EMNLP (bins of equal size)",
    "davison": "Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.2",
}
"""Short name -> author, year, place."""
