# Stand-in for debian:bookworm-slim where no image hub answers. The context is made by base_image.py:
# rootfs.tar (mmdebstrap), etc/ (package sources and apt options of this machine), host-ca/ (authorities this
# machine trusts beyond Debian's own, for networks that re-sign TLS).
FROM scratch
ADD rootfs.tar /
COPY etc/ /etc/
COPY host-ca/ /usr/local/share/ca-certificates/
RUN rm -f /etc/apt/sources.list && update-ca-certificates
CMD ["bash"]
