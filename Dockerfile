# The images of docker-compose.yml, one target each. `make image` builds them: it lays the built programs and a Java of their own
# in target/image first, and where Debian's base cannot be pulled, `make base-image` makes one like it.

FROM debian:bookworm-slim AS etcd
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends etcd-server etcd-client \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o etcd -g etcd -m 700 /data
USER etcd
ENV ETCDCTL_API=3
VOLUME /data
EXPOSE 2379 2380
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["etcdctl", "endpoint", "health"]
ENTRYPOINT ["etcd", "--data-dir=/data", "--log-level=warn", "--pre-vote", "--auto-compaction-mode=periodic", "--auto-compaction-retention=1h"]

FROM debian:bookworm-slim AS haproxy
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends haproxy \
    && rm -rf /var/lib/apt/lists/*
COPY docker/haproxy.cfg /etc/haproxy/haproxy.cfg
COPY docker/healthcheck /usr/local/bin/healthcheck
USER haproxy
EXPOSE 5000 5001 7000
HEALTHCHECK --interval=5s --timeout=3s CMD ["healthcheck", "7000", "/"]
ENTRYPOINT ["haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg"]

FROM debian:bookworm-slim AS prometheus
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends prometheus \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o prometheus -g prometheus -m 700 /data
COPY docker/prometheus.yml /etc/prometheus/prometheus.yml
COPY docker/healthcheck /usr/local/bin/healthcheck
USER prometheus
VOLUME /data
EXPOSE 9090
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["healthcheck", "9090", "/-/healthy"]
ENTRYPOINT ["prometheus", "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/data", "--storage.tsdb.retention.time=7d"]

# A member: agent, guard, PostgreSQL. The configuration is /etc/holdfast/holdfast.yml; what differs from member to member comes from
# the environment (HOLDFAST_NAME and the connect addresses).
FROM debian:bookworm-slim AS member
# Debian's package would make a database of its own otherwise. PostgreSQL's compiler for long queries is a quarter of the image;
# without it they are interpreted.
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/holdfast.conf \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-15 \
    && dpkg --purge --force-depends libllvm14 libz3-4 \
    && rm -rf /usr/lib/postgresql/15/lib/llvmjit* /usr/lib/postgresql/15/lib/bitcode /var/lib/apt/lists/* \
    && install -d -o postgres -g postgres -m 700 /data \
    && install -d -o postgres -g postgres /run/postgresql \
    && ln -s /opt/holdfast/bin/ctl /opt/holdfast/bin/holdfast-agent /usr/local/bin/
COPY target/image/ /opt/holdfast/
COPY docker/holdfast.yml /etc/holdfast/holdfast.yml
COPY docker/healthcheck docker/demo-load /usr/local/bin/
ENV HOLDFAST_JAVA_HOME=/opt/holdfast/jre
USER postgres
VOLUME /data
EXPOSE 5432 8008
# 200 while the agent's own loop turns, whatever PostgreSQL does: a member without a database is for the agent to mend, not for Docker.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s CMD ["healthcheck", "8008", "/liveness"]
# The agent hands over and stops PostgreSQL cleanly.
STOPSIGNAL SIGTERM
CMD ["holdfast-agent", "/etc/holdfast/holdfast.yml"]

# A host of chaos-tests: what a member needs but agent and guard, which are the checkout's and mounted; an etcd beside it, the balancer
# of the clients' host, and what is used to look and to break. Its processes are started one by one, some of them as root.
FROM debian:bookworm-slim AS host
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/holdfast.conf \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        curl etcd-server faketime haproxy iproute2 keepalived nftables postgresql-15 \
    && rm -rf /var/lib/apt/lists/*
COPY target/image/jre/ /opt/holdfast/jre/
ENV HOLDFAST_JAVA_HOME=/opt/holdfast/jre
