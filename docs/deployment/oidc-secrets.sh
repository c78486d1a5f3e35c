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
    value=$(cat -- "$file") || exit 2
    if [ -z "$value" ]; then
        echo "apache2: $file is empty: ${name}_FILE names it, the secret belongs in it" >&2
        exit 2
    fi
    export "$name=$value"
done
unset name file value
