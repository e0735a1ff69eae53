import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Archived, archiveFlags } from './class-archive';
import { findJava } from './java.cjs';
import { ENGINES, installed } from './paths';
import { HOST } from './ports';

export interface SparkOptions extends Archived {
  /** `http://127.0.0.1:PORT`: the S3 behind `s3://` and `s3a://`. */
  readonly s3Endpoint: string;
  /** Absolute folder for the configuration and for spilled data. */
  readonly workDir: string;
}

/**
 * How to submit a job: `spawn(command, [...args, ...sparkSubmitParameters, entryPoint, ...entryPointArguments], {env, cwd: workDir})`.
 */
export interface SparkCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const LOG4J = `status=warn
appender.c.type=Console
appender.c.name=C
appender.c.target=SYSTEM_ERR
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.c.ref=C
logger.native.name=org.apache.hadoop.util.NativeCodeLoader
logger.native.level=error
logger.metrics.name=org.apache.hadoop.metrics2
logger.metrics.level=error
`;

/**
 * What EMR Serverless presets. `s3://` uses S3A, which is EMR's own default since 7.10, so jobs need no other URIs here.
 * The S3A jars are on the driver's class path, because the entry point is an `s3://` object, which Spark reads before `--jars`
 * takes effect.
 */
export function sparkDefaults(s3Endpoint: string, workDir: string, javaOptions: readonly string[]): string {
  const hadoop = {
    'fs.s3.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
    'fs.s3a.endpoint': s3Endpoint,
    'fs.s3a.path.style.access': 'true',
    'fs.s3a.connection.ssl.enabled': 'false',
    // Not in the environment: Spark would then look up the host's name as well, which not every machine can resolve.
    'fs.s3a.access.key': 'test',
    'fs.s3a.secret.key': 'test',
    // The default of EMR's Hadoop 3.4. This older version would delete directory markers after each write, a permission that jobs lack.
    'fs.s3a.directory.marker.retention': 'keep',
  };
  const spark = {
    master: 'local[2]',
    'ui.enabled': 'false',
    'driver.memory': '1g',
    'driver.host': HOST,
    'driver.bindAddress': HOST,
    'driver.extraClassPath': `${join(ENGINES, 'spark-jars')}/*`,
    'driver.extraJavaOptions': javaOptions.join(' '),
    'local.dir': join(workDir, 'spill'),
    'sql.shuffle.partitions': '4',
    'sql.session.timeZone': 'UTC',
    'sql.warehouse.dir': join(workDir, 'warehouse'),
    ...Object.fromEntries(Object.entries(hadoop).map(([key, value]) => [`hadoop.${key}`, value])),
  };
  return Object.entries(spark)
    .map(([key, value]) => `spark.${key} ${value}\n`)
    .join('');
}

/** The folder of the pyspark package, which contains a complete Spark. */
function sparkHome(): string {
  const lib = installed('spark', 'lib');
  const python = readdirSync(lib).find((name) => name.startsWith('python3'));
  return installed('spark', 'lib', python ?? 'python3', 'site-packages', 'pyspark');
}

/**
 * The `spark-submit` command for local jobs. Parameters of the job follow `args` and override these defaults.
 * @throws Error of one line, if Spark or its Java is missing
 */
export function sparkCommand(options: SparkOptions): SparkCommand {
  const java = findJava();
  const python = installed('spark', 'bin', 'python');
  const configuration = join(options.workDir, 'conf');
  // SPARK_CONF_DIR is on the class path, which must equal the one of the class archive: one empty folder for all jobs.
  const empty = join(ENGINES, 'spark-conf');
  mkdirSync(configuration, { recursive: true });
  mkdirSync(empty, { recursive: true });
  const log4j = join(configuration, 'log4j2.properties');
  const properties = join(configuration, 'spark-defaults.conf');
  const archive = archiveFlags('spark', options);
  const flags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...archive, `-Dlog4j2.configurationFile=file:${log4j}`];
  writeFileSync(log4j, LOG4J);
  writeFileSync(properties, sparkDefaults(options.s3Endpoint, options.workDir, flags));
  const home = sparkHome();
  return {
    command: join(home, 'bin', 'spark-submit'),
    args: ['--properties-file', properties],
    env: {
      PATH: `${join(ENGINES, 'spark', 'bin')}:${process.env.PATH}`,
      HOME: process.env.HOME,
      JAVA_HOME: java.home,
      SPARK_HOME: home,
      SPARK_CONF_DIR: empty,
      SPARK_LOCAL_IP: HOST,
      PYSPARK_PYTHON: python,
      PYSPARK_DRIVER_PYTHON: python,
      PYTHONUNBUFFERED: '1',
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  };
}
