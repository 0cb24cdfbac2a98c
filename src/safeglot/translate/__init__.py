"""Translation: what translators and estimators are asked, the checks, the choice."""
