# SPDX-License-Identifier: MIT
# The first stage builds and tests, the second holds what runs: no compiler, no root.
FROM debian:trixie-slim AS build
WORKDIR /src
COPY script/bootstrap script/bootstrap
RUN script/bootstrap
COPY . .
# The tests that go through every case do one in so many.
ARG ARYAVARTH_ONE_IN=1
RUN BUILD_DIR=/build script/test --prefix=/usr/local \
	&& make -C /build install-strip DESTDIR=/image

FROM debian:trixie-slim
RUN apt-get update \
	&& apt-get install -y --no-install-recommends \
		libcurl4t64 libjansson4 libmicrohttpd12t64 libnettle8t64 libxxhash0 zlib1g \
	&& rm -rf /var/lib/apt/lists/* \
	&& install -d -m 700 -o 65532 -g 65532 /data
COPY --from=build /image/usr/local/ /usr/local/
USER 65532:65532
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["aryavarth", "health"]
ENTRYPOINT ["aryavarth"]
CMD ["serve", "--dir", "/data", "--listen", "0.0.0.0:8080", "--insecure"]
