import { createSearch } from 'docsift';
import * as models from 'docsift/models';
import 'docsift/element';
import articles from './articles.json';

const search = await createSearch({ models });
document.querySelector('docsift-search').search = search;
await search.add(articles);
document.documentElement.dataset.indexed = String((await search.stats()).embedded > 0);
