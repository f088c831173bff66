# Puts the sandbox's authority where Caddy keeps its internal one. A volume mounted on /data takes the image's
# content when it is first used, so sites with `local_certs` or `tls internal` are signed by it, without configuration.
FROM plain
COPY root.crt root.key /data/caddy/pki/authorities/local/
