import { join } from 'node:path';
import { HOST } from './ports';

/**
 * Configuration of one small Cassandra node. The guardrails reject what Amazon Keyspaces does not support. They apply to
 * ordinary roles only, hence the password authenticator: with AllowAll every client is a superuser and nothing is rejected.
 * Paxos v2: with v1 the conditional writes of one hot row take up to 200 ms.
 * A mutation is what a statement writes to a partition, so its limit is that of a row, 1 MB; a batch of rows has the same limit.
 * A conditional write beyond it is a failure of the server, where Keyspaces rejects the request.
 * @param durable acknowledge a write only when it is on disk. Cassandra's default periodic mode loses the last tenth of a
 *   second before kill -9, and Keyspaces never loses an acknowledged write.
 * @see https://docs.aws.amazon.com/keyspaces/latest/devguide/cassandra-apis.html
 */
export function cassandraYaml(
  dir: string,
  ports: { readonly native: number; readonly storage: number },
  durable: boolean,
): string {
  return `cluster_name: local
num_tokens: 1
initial_token: 0
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: GossipingPropertyFileSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: "${HOST}:${ports.storage}" }]
listen_address: ${HOST}
rpc_address: ${HOST}
storage_port: ${ports.storage}
native_transport_port: ${ports.native}
auto_bootstrap: false
hinted_handoff_enabled: false
data_file_directories: ["${join(dir, 'data')}"]
commitlog_directory: "${join(dir, 'commitlog')}"
saved_caches_directory: "${join(dir, 'saved_caches')}"
hints_directory: "${join(dir, 'hints')}"
cdc_raw_directory: "${join(dir, 'cdc_raw')}"
${durable ? 'commitlog_sync: batch' : 'commitlog_sync: periodic\ncommitlog_sync_period: 10000ms'}
commitlog_segment_size: 8MiB
commitlog_total_space: 128MiB
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
key_cache_size: 8MiB
counter_cache_size: 1MiB
file_cache_size: 32MiB
networking_cache_size: 16MiB
prepared_statements_cache_size: 8MiB
concurrent_reads: 8
concurrent_writes: 16
concurrent_counter_writes: 4
concurrent_compactors: 1
native_transport_max_threads: 32
auto_snapshot: false
paxos_variant: v2
batch_size_warn_threshold: 1MiB
batch_size_fail_threshold: 4MiB
authenticator: PasswordAuthenticator
authorizer: AllowAllAuthorizer
role_manager: CassandraRoleManager
secondary_indexes_enabled: false
group_by_enabled: false
user_timestamps_enabled: false
allow_filtering_enabled: false
in_select_cartesian_product_fail_threshold: 100
partition_keys_in_select_fail_threshold: 100
read_consistency_levels_disallowed: [ANY, TWO, THREE, QUORUM, ALL, EACH_QUORUM]
write_consistency_levels_disallowed: [ANY, ONE, TWO, THREE, QUORUM, ALL, EACH_QUORUM, LOCAL_ONE]
column_value_size_fail_threshold: 1024KiB
max_mutation_size: 1024KiB
columns_per_table_fail_threshold: 225
compact_tables_enabled: false
vector_type_enabled: false
`;
}

export const LOGBACK = `<configuration>
  <appender name="C" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>[%d] %p %m (%c)%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="C"/></root>
</configuration>
`;

const EXPORTS = `java.base/jdk.internal.misc java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.registry
java.rmi/sun.rmi.server java.sql/java.sql java.base/java.lang.ref jdk.unsupported/sun.misc jdk.attach/sun.tools.attach`;

const OPENS = `java.base/java.lang.module java.base/jdk.internal.loader java.base/jdk.internal.ref java.base/jdk.internal.reflect
java.base/jdk.internal.math java.base/jdk.internal.module java.base/jdk.internal.util.jar jdk.management/com.sun.management.internal
java.base/sun.nio.ch java.base/java.io java.base/java.lang.reflect java.base/java.lang java.base/java.util
java.base/java.util.concurrent`;

/** Access to JDK internals that the Java module system denies by default; without these flags Cassandra ends at once. */
export const MODULE_FLAGS: readonly string[] = [
  '-Djdk.attach.allowAttachSelf=true',
  '-Djava.security.manager=allow', // From Java 18 on; harmless on 17.
  '-Dio.netty.tryReflectionSetAccessible=true',
  ...EXPORTS.split(/\s+/).map((module) => `--add-exports=${module}=ALL-UNNAMED`),
  ...OPENS.split(/\s+/).map((module) => `--add-opens=${module}=ALL-UNNAMED`),
];
