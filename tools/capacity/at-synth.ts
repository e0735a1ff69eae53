/** The line about capacity that each synth prints. */
import { numberText } from '../../lib/capacity/capacity';
import { type PipelineConfig } from '../../lib/config';
import { capacityReport, firstText } from './report';

export function capacityLine(config: PipelineConfig): string {
  const report = capacityReport(config);
  return (
    `capacity: built for ${numberText(report.builtFor)} posts a second of ${report.postBytes} bytes; ${firstText(report)}. ` +
    `More: npm run capacity -- --stage ${config.stage}`
  );
}
