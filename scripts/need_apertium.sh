#!/bin/sh
# Translation is tested with a real Apertium: install it and the pairs that the tests use where the
# machine's own packages can. It is GPL: a program that is run, never linked.
modes="${APERTIUM_MODES:-/usr/share/apertium/modes}"
lacking=""
for mode in eng-spa spa-eng eng-cat cat-eng en-gl gl-en en-eo eo-en spa-ita ita-spa es-fr fr-es es-pt pt-es spa-ast ca-oc cat-srd; do
  [ -f "$modes/$mode.mode" ] || lacking="$lacking $mode"
done
[ -z "$lacking" ] && command -v apertium >/dev/null 2>&1 && exit 0
packages="apertium apertium-eng-spa apertium-eng-cat apertium-en-gl apertium-eo-en apertium-spa-ita apertium-fr-es apertium-es-pt apertium-spa-ast apertium-oc-ca apertium-cat-srd apertium-cat-ita apertium-fra-cat apertium-por-cat"
if command -v apt-get >/dev/null 2>&1; then
  sudo=""; [ "$(id -u)" = 0 ] || sudo="sudo"
  echo "installing apertium and its pairs (for the tests of translation):$lacking"
  # shellcheck disable=SC2086 # the names are words
  $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null && exit 0
fi
echo "The tests need Apertium and could not install it. Install these Debian packages and run make test again: $packages" >&2
exit 1
