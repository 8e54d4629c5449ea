# For `.ci/run` and `.ci/sanitize`, which source it.

# Builds what `cargo test` would run with these arguments; says which programs those are, a line each.
programs() {
  local said
  said=$(cargo test --no-run "$@" 2>&1) || { printf '%s\n' "$said" >&2; return 1; }
  sed -n 's/.*Executable .*(\(.*\))$/\1/p' <<<"$said"
}
