import { type Command } from '../kit/command';
import { estimate } from './estimate';
import { OPTIONS, parseCostOptions } from './options';
import { asText } from './text';

export const command: Command = {
  options: OPTIONS,
  run(argv) {
    const options = parseCostOptions(argv);
    const result = estimate(options.config, options);
    process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : asText(result));
  },
};
