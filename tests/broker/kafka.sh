#!/usr/bin/env bash
# One Apache Kafka node (KRaft) on loopback, for the tests.
#   kafka.sh start    fetch if needed, start, wait until it answers, print the bootstrap address
#   kafka.sh secured  the same with a second listener: SASL/PLAIN, every right must be granted
#   kafka.sh stop     stop the node this script started; does nothing if none runs
#   kafka.sh env      print the bootstrap address of the running node
#   kafka.sh sasl     print the bootstrap address of its second listener
#   kafka.sh libs     print the directory of its jars
#   kafka.sh restart  end the running node and start it again on its data
# State is kept under ${IBALEG_CACHE:-.cache}/kafka: libraries, one directory for the running node
# with its pid, address, data and log. The log of a node outlives it until the next start.
# $IBALEG_KAFKA_NODE names another directory there, for a second node.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${IBALEG_CACHE:-$root/.cache}/kafka
node=$cache/${IBALEG_KAFKA_NODE:-node}
heap=${IBALEG_KAFKA_HEAP:-384m}
version=$(sed -n '/<artifactId>kafka_2.13</,/<version>/s:.*<version>\(.*\)</version>.*:\1:p' "$here/pom.xml")
libs=$cache/libs-$version-$(sha256sum "$here/pom.xml" | cut -c1-8)

say() { echo "kafka.sh: $*" >&2; }

fetch() {
    [ -e "$libs/.complete" ] && return
    command -v java >/dev/null || { say "no java; install a Java runtime, version 17 or later"; exit 1; }
    command -v mvn >/dev/null || { say "no mvn; install Apache Maven"; exit 1; }
    say "fetching Apache Kafka $version (about 45 MB)"
    rm -rf "$libs"
    mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$libs" >&2
    touch "$libs/.complete"
}

running() {
    [ -s "$node/pid" ] || return 1
    # The pid may have been given to another process since: only a Kafka with our files counts.
    tr '\0' ' ' <"/proc/$(cat "$node/pid")/cmdline" 2>/dev/null | grep -q "$node/server.properties"
}

free_ports() {
    python3 - <<'P'
import socket
sockets = [socket.socket() for _ in range(3)]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
P
}

configure() {
    read -r client controller sasl < <(free_ports)
    cat >"$node/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$client,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$client
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$node/data
num.partitions=4
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
P
    if [ "$mode" = secured ]; then
        secure
    fi
    cat >"$node/log4j2.xml" <<P
<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN">
  <Appenders>
    <File name="file" fileName="$node/kafka.log">
      <PatternLayout pattern="%d{ISO8601} %-5p %c{1}: %m%n"/>
    </File>
  </Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="file"/></Root></Loggers>
</Configuration>
P
    echo "127.0.0.1:$client" >"$node/address"
}

# The first listener stays open to everyone and may do everything, for those who prepare a test.
# The users' passwords are of no use but here: both listeners are on loopback.
secure() {
    sed -i "s#^listeners=.*#&,SASL_PLAINTEXT://127.0.0.1:$sasl#
            s#^advertised.listeners=.*#&,SASL_PLAINTEXT://127.0.0.1:$sasl#
            s#^listener.security.protocol.map=.*#&,SASL_PLAINTEXT:SASL_PLAINTEXT#" "$node/server.properties"
    cat >>"$node/server.properties" <<P
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_admin="admin-password" user_ibaleg="ibaleg-password" user_operator="operator-password";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:admin
P
    echo "127.0.0.1:$sasl" >"$node/sasl-address"
}

java_node() {
    java -cp "$libs/*" -Dlog4j2.configurationFile="$node/log4j2.xml" "$@"
}

answers() {
    # The client port opens before the broker is ready; only a registered broker counts.
    tail -n +"$((seen + 1))" "$node/kafka.log" 2>/dev/null | grep -q "Kafka Server started"
}

start() {
    if running; then
        if [ "$mode" = secured ] && [ ! -e "$node/sasl-address" ]; then
            say "a node without rights runs; stop it with: $0 stop"
            exit 1
        fi
        cat "$node/address"
        return
    fi
    fetch
    rm -rf "$node"
    mkdir -p "$node"
    configure
    id=$(java_node -Xmx64m kafka.tools.StorageTool random-uuid)
    java_node -Xmx64m kafka.tools.StorageTool format -t "$id" -c "$node/server.properties" >"$node/format.log" 2>&1 \
        || { cat "$node/format.log" >&2; exit 1; }
    launch
}

launch() {
    # The log goes on over a restart; what an earlier start wrote there does not count.
    seen=$(wc -l <"$node/kafka.log" 2>/dev/null || echo 0)
    # A session of its own: a terminal's interrupt must reach the tests, not the broker under them.
    setsid java -cp "$libs/*" -Xms64m "-Xmx$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -Dlog4j2.configurationFile="$node/log4j2.xml" \
        kafka.Kafka "$node/server.properties" >"$node/console.log" 2>&1 </dev/null &
    echo $! >"$node/pid"
    for _ in $(seq 300); do
        if answers; then
            say "Apache Kafka $version runs at $(cat "$node/address")"
            cat "$node/address"
            return
        fi
        running || break
        sleep 0.2
    done
    say "it did not start; its logs: $node/console.log $node/kafka.log"
    tail -n 20 "$node/console.log" "$node/kafka.log" >&2 || true
    stop
    exit 1
}

restart() {
    running || { say "not running; start it with: $0 start"; exit 1; }
    end
    launch
}

end() {
    pid=$(cat "$node/pid")
    kill "$pid"
    for _ in $(seq 100); do
        running || return 0
        sleep 0.1
    done
    say "it does not end by itself; killing it"
    kill -9 "$pid"
}

stop() {
    if running; then
        end
    fi
    rm -f "$node/pid"
    rm -rf "$node/data"
}

mode=${1:-}
case $mode in
    start | secured) start ;;
    stop) stop ;;
    restart) restart ;;
    env)
        running || { say "not running; start it with: $0 start"; exit 1; }
        cat "$node/address"
        ;;
    sasl)
        if ! running || [ ! -e "$node/sasl-address" ]; then
            say "no secured node runs; start it with: $0 secured"
            exit 1
        fi
        cat "$node/sasl-address"
        ;;
    libs) echo "$libs" ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
