import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { KafkaMetricsInterceptor } from '@kafka-worker/nestjs/prometheus';
import { parser } from '@prometheus-io/lezer-promql';
import { Registry } from 'prom-client';
import { parse } from 'yaml';

const demo = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(demo, file), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const rules = (parse(read('observability/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(read('observability/grafana/dashboards/kafka-worker.json')) as Dashboard;
const shown = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
const queries = [
  ...rules.map(({ alert, expr }) => ({ title: alert, expr })),
  ...shown,
  ...dashboard.annotations.list.map(({ expr }) => ({ title: 'annotation', expr })),
];

/** Names of the samples that the registered metrics give. */
function samples(): Map<string, string> {
  const registry = new Registry();
  new KafkaMetricsInterceptor({ registry });
  const found = new Map<string, string>();
  for (const { name } of registry.getMetricsAsArray()) {
    const suffixes = /_seconds$/.test(name) && !name.includes('oldest') ? ['_bucket', '_sum', '_count'] : [''];
    for (const suffix of suffixes) found.set(name + suffix, name);
  }
  return found;
}

/** Text of all nodes of a kind; throws where the query is no PromQL. */
function nodes(query: string, kind: string): string[] {
  const text = query.replaceAll('$__rate_interval', '5m');
  const found: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text}`);
      if (type.name === kind) found.push(text.slice(from, to));
    },
  });
  return found;
}

describe('the alert rules and the dashboard', () => {
  it.each(queries)('ask for what there is: $title', ({ expr }) => {
    const known = samples();
    const names = nodes(expr, 'VectorSelector').map((selector) => selector.replace(/[{[].*$/s, '').trim());
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    const labels = ['worker', 'topic', 'group', 'partition', 'disposition', 'outcome', 'le'];
    expect(nodes(expr, 'LabelName').filter((label) => !labels.includes(label))).toEqual([]);
  });

  it('show every metric', () => {
    const known = samples();
    const names = shown.flatMap(({ expr }) =>
      nodes(expr, 'VectorSelector').map((selector) => known.get(selector.replace(/[{[].*$/s, '').trim())),
    );
    expect([...new Set(known.values())].filter((name) => !names.includes(name))).toEqual([]);
  });

  it('name only labels that their query leaves, and variables that there are', () => {
    for (const { expr, annotations } of rules) {
      const left = new Set(nodes(expr, 'GroupingLabels').flatMap((list) => list.match(/\w+/g) ?? []));
      const used = Object.values(annotations).flatMap((text) =>
        [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label as string),
      );
      expect(used.filter((label) => !left.has(label))).toEqual([]);
    }
    const variables = new Set([...dashboard.templating.list.map(({ name }) => name), '__rate_interval']);
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name as string);
    expect(used.filter((name) => !variables.has(name) && name !== '__all')).toEqual([]);
  });

  it('are where the compose file mounts them', () => {
    type Compose = { services: Record<string, { image: string; volumes?: string[]; ports?: string[] }> };
    const { services } = parse(read('docker-compose.yml')) as Compose;
    expect(Object.keys(services)).toEqual(['kafka', 'shop', 'prometheus', 'grafana', 'jaeger']);
    for (const { image, volumes = [], ports = [] } of Object.values(services)) {
      expect(image).toMatch(/:[\w.-]+$/);
      for (const volume of volumes)
        expect(() => readFileSync(join(demo, volume.split(':')[0] as string))).not.toThrow('ENOENT');
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });
});
