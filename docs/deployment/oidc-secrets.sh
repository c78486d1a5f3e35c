# /etc/acv/oidc-secrets.sh: read before Apache starts, which takes from its environment alone what
# it shares with the provider. Each secret is a file, which the variable <NAME>_FILE names.

# Debian's own settings of Apache, which an image has already
[ -n "${APACHE_RUN_USER:-}" ] || . /etc/apache2/envvars

for name in ACV_OIDC_CLIENT_SECRET ACV_OIDC_COOKIE_KEY; do
    eval "file=\${${name}_FILE:-}"
    if [ -z "$file" ]; then
        echo "apache2: ${name}_FILE is not set: it names the file with that secret" >&2
        exit 2
    fi
    value=$(tr -d '\r' < "$file") || exit 2
    if [ -z "$value" ]; then
        echo "apache2: $file is empty: ${name}_FILE names it, the secret belongs in it" >&2
        exit 2
    fi
    if [ "$(printf '%s\n' "$value" | wc -l)" -ne 1 ]; then
        echo "apache2: $file has several lines: ${name}_FILE names it, the secret is one line" >&2
        exit 2
    fi
    # as it is written between the quotes of apache.conf
    value=$(printf '%s\n' "$value" | sed 's/[\\"]/\\&/g')
    export "$name=$value"
done
unset name file value
