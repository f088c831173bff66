-- Third-party programs keep their tables in databases of their own. Runs once, when the cluster is made.
CREATE DATABASE documenso;
CREATE DATABASE miniflux;
