#!/usr/bin/env python3
"""A Kafka client that shares no code with ibaleg, for the end-to-end tests.

produce: JSON lines on stdin -> messages. Fields: key, value (text, or {"base64": ...}, or null),
  headers ([[name, value], ...]), partition, timestamp (milliseconds), all optional.
consume: messages of the topics from their beginning -> JSON lines on stdout, bytes as
  {"base64": ...}, until every partition is read to the end it had last (--until-end), or COUNT
  messages came, or nothing came for IDLE seconds.
acls: what the brokers let PRINCIPAL do -> JSON lines on stdout, in Kafka's own words.
"""

import argparse
import base64
import json
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)


def decoded(value):
    if value is None:
        return None
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    return value.encode()


def encoded(value):
    return None if value is None else {"base64": base64.b64encode(value).decode()}


def produce(arguments):
    producer = Producer(
        {
            "bootstrap.servers": arguments.brokers,
            "enable.idempotence": True,
            "linger.ms": 5,
            "message.max.bytes": 20_000_000,
        }
    )
    failures = []

    def delivered(error, _message):
        if error is not None:
            failures.append(str(error))

    sent = 0
    for line in sys.stdin:
        if not line.strip():
            continue
        message = json.loads(line)
        options = {
            name: message[name]
            for name in ("partition", "timestamp")
            if message.get(name) is not None
        }
        headers = [(name, decoded(value)) for name, value in message.get("headers", [])]
        while True:
            try:
                producer.produce(
                    arguments.topic,
                    key=decoded(message.get("key")),
                    value=decoded(message.get("value")),
                    headers=headers,
                    on_delivery=delivered,
                    **options,
                )
                break
            except BufferError:
                producer.poll(0.1)
        sent += 1
        producer.poll(0)
        if arguments.rate:
            time.sleep(1 / arguments.rate)
    left = producer.flush(30)
    if left or failures:
        sys.exit(f"{left} messages undelivered, {len(failures)} refused: {failures[:3]}")
    print(json.dumps({"produced": sent}))


def consume(arguments):
    consumer = Consumer(
        {
            "bootstrap.servers": arguments.brokers,
            "group.id": "foreign-reader",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }
    )
    metadata = consumer.list_topics(timeout=15)
    partitions = []
    for topic in arguments.topics:
        known = metadata.topics.get(topic)
        if known is None or known.error is not None:
            sys.exit(f"topic {topic} does not exist")
        partitions += [TopicPartition(topic, number, OFFSET_BEGINNING) for number in known.partitions]
    consumer.assign(partitions)
    ended = set()
    count = 0
    last = time.monotonic()
    while time.monotonic() - last < arguments.idle:
        if arguments.count and count >= arguments.count:
            break
        if arguments.until_end and len(ended) == len(partitions):
            break
        message = consumer.poll(0.1)
        if message is None:
            continue
        place = (message.topic(), message.partition())
        if message.error() is not None:
            if message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(place)
                continue
            sys.exit(str(message.error()))
        ended.discard(place)
        last = time.monotonic()
        count += 1
        _, timestamp = message.timestamp()
        record = {
            "topic": message.topic(),
            "partition": message.partition(),
            "offset": message.offset(),
            "timestamp": timestamp,
            "key": encoded(message.key()),
            "value": encoded(message.value()),
            "headers": [[name, encoded(value)] for name, value in message.headers() or []],
        }
        print(json.dumps(record))
    consumer.close()


def acls(arguments):
    admin = AdminClient({"bootstrap.servers": arguments.brokers})
    anything = AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        arguments.principal,
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    for acl in admin.describe_acls(anything, request_timeout=15).result():
        record = {
            "principal": acl.principal,
            "host": acl.host,
            "operation": acl.operation.name,
            "permission_type": acl.permission_type.name,
            "resource_type": acl.restype.name,
            "resource_name": acl.name,
            "pattern_type": acl.resource_pattern_type.name,
        }
        print(json.dumps(record))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--brokers", required=True)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("produce")
    command.add_argument("topic")
    command.add_argument("--rate", type=float, default=0, help="messages a second; 0: no limit")
    command.set_defaults(run=produce)
    command = commands.add_parser("consume")
    command.add_argument("topics", nargs="+")
    command.add_argument("--count", type=int, default=0)
    command.add_argument("--idle", type=float, default=5)
    command.add_argument("--until-end", action="store_true")
    command.set_defaults(run=consume)
    command = commands.add_parser("acls")
    command.add_argument("principal")
    command.set_defaults(run=acls)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
