'use client';

import { createSearch } from 'docsift';
import * as models from 'docsift/models';
import { useEffect, useRef } from 'react';
import 'docsift/element';
import articles from './articles.json';

export function HelpSearch() {
  const element = useRef(null);
  useEffect(() => {
    const opened = createSearch({ models });
    opened.then(async (search) => {
      element.current.search = search;
      await search.add(articles);
      document.documentElement.dataset.indexed = String((await search.stats()).embedded > 0);
    });
    return () => void opened.then((search) => search.close());
  }, []);
  return <docsift-search ref={element} />;
}
