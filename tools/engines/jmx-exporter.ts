/** The Prometheus JMX exporter as an agent in a Java engine. MSK's brokers run the same exporter, without renaming rules. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installed } from './paths';
import { HOST } from './ports';

/** The MBeans that a scrape reads, each second in some tests: reading all of a broker's takes seconds. */
const MBEANS = {
  kafka: [
    'java.lang:type=Memory',
    'kafka.controller:type=ControllerStats,*',
    'kafka.controller:type=KafkaController,*',
    'kafka.network:type=RequestMetrics,name=TotalTimeMs,request=FetchConsumer',
    'kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce',
    'kafka.server:type=BrokerTopicMetrics,*',
    'kafka.server:type=KafkaRequestHandlerPool,*',
    'kafka.server:type=ReplicaManager,*',
  ],
  cassandra: [
    'java.lang:type=Memory',
    // Of the coordinator as a whole: there is one of each for every level of consistency, too.
    'org.apache.cassandra.metrics:type=ClientRequest,scope=CASRead,*',
    'org.apache.cassandra.metrics:type=ClientRequest,scope=CASWrite,*',
    'org.apache.cassandra.metrics:type=ClientRequest,scope=Read,*',
    'org.apache.cassandra.metrics:type=ClientRequest,scope=Write,*',
  ],
} as const;

/**
 * The JVM flag that serves the MBeans at `http://127.0.0.1:<port>/metrics`.
 * @param dir folder of the engine, to which the agent's configuration is written
 * @throws Error of one line, if the agent is not installed
 * @see https://prometheus.github.io/jmx_exporter/1.0.1/java-agent/
 */
export function jmxAgent(engine: keyof typeof MBEANS, dir: string, port: number): string {
  const folder = installed('jmx-exporter');
  const jar = readdirSync(folder).find((file) => file.endsWith('.jar'))!;
  const config = join(dir, 'jmx-exporter.yaml');
  // JSON is YAML. Without rules, the exporter's default names apply.
  writeFileSync(config, JSON.stringify({ includeObjectNames: MBEANS[engine] }));
  return `-javaagent:${join(folder, jar)}=${HOST}:${port}:${config}`;
}
