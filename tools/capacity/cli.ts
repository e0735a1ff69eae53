import { type Command } from '../kit/command';
import { OPTIONS, parseCapacityOptions } from './options';
import { asText, capacityReport } from './report';

export const command: Command = {
  options: OPTIONS,
  run(argv) {
    const { config, rate, batch, json } = parseCapacityOptions(argv);
    const report = capacityReport(config, rate, batch);
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
  },
};
