# A static binary in an empty image. It runs as nobody in particular, keeps its
# data in one volume, and works with a read-only root.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/acquis ./cmd/acquis \
 && mkdir -p /out/data

FROM scratch
ARG VERSION=
LABEL org.opencontainers.image.title="Acquis" \
      org.opencontainers.image.description="Evaluation service for professional certification" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /out/acquis /acquis
COPY LICENSE /LICENSE
# A new named volume takes its owner from here; a folder of the host must already
# belong to this user.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
# Inside a container every address is the network's. Plain text is allowed here
# because what publishes these ports must terminate TLS; the operations listener
# stays on loopback, where the health check asks it.
ENV ACQUIS_DATA_DIR=/data \
    ACQUIS_HTTP_ADDR=0.0.0.0:8080 \
    ACQUIS_GRPC_ADDR=0.0.0.0:9090 \
    ACQUIS_OPS_ADDR=127.0.0.1:8081 \
    ACQUIS_INSECURE_PLAINTEXT=true
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=4s --start-period=10s CMD ["/acquis", "healthcheck"]
ENTRYPOINT ["/acquis"]
CMD ["serve"]
