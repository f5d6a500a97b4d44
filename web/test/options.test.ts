import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelsNear } from '../src/options.js';

test('models lie beside dist/ in the package, and in the folder of the script where that was deployed', () => {
  const near = (script: string) => modelsNear(script).href;
  assert.equal(near('https://example.org/docsift/dist/docsift.js'), 'https://example.org/docsift/models/');
  assert.equal(near('https://example.org/docsift/docsift.js?v=1'), 'https://example.org/docsift/models/');
  assert.equal(
    near('file:///site/node_modules/docsift/dist/node.js'),
    'file:///site/node_modules/docsift/models/',
  );
});
