# director
